import { appendFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runBench } from '../../../bench/compare/run-bench.ts';
import type { Engine } from '../../../bench/engines/engine.ts';
import { engines, plainLoop } from '../../../bench/engines/engines.ts';
import { renderTables } from '../../../bench/report/tables.ts';
import { works } from '../../../bench/works/works.ts';

const engineOf = (name: string): Engine => engines.find((engine) => engine.name === name) as Engine;

const run = (chosen: readonly Engine[], workIds: readonly string[], rounds = 1) =>
  runBench(
    {
      events: 3_000,
      seed: 1,
      rounds,
      works: works.filter(({ id }) => workIds.includes(id)),
      engines: chosen,
      alsoInstall: [],
    },
    {
      signal: new AbortController().signal,
      startProgress: () => ({ step: () => undefined, stop: () => undefined }),
    },
  );

describe('the bench', () => {
  it('finds the answers of Millrace equal to those of a plain loop', async () => {
    const all = works.map(({ id }) => id);
    const { rows, failed } = await run([plainLoop, engineOf('millrace/memory/plain/2000')], all);
    expect(failed).toEqual([]);
    const ofMillrace = rows.filter(({ engine }) => engine !== 'loop');
    expect(ofMillrace.map(({ work }) => work)).toEqual(all);
    for (const row of ofMillrace) {
      expect(row).toMatchObject({ resultsEqual: true, events: 3_000 });
      expect(row.cpuMicrosPerEvent).toBeGreaterThan(0);
      expect(row.writeUnitsPer1000).toBeGreaterThan(0);
    }
  });

  it('counts the requests that reach the DynamoDB engine', async () => {
    const byHand = engineOf('by-hand/update-per-key');
    const { rows, failed } = await run([engineOf('millrace/dynamodb/kpl/500'), byHand], ['tumbling']);
    expect(failed).toEqual([]);
    expect(rows.map(({ engine, resultsEqual }) => [engine, resultsEqual])).toEqual([
      ['loop', null],
      ['millrace/dynamodb/kpl/500', true],
      ['by-hand/update-per-key', true],
    ]);
    const [, millrace, updates] = rows;
    // Two commits a batch, but for the first one, and those of the end; far fewer than one a key.
    expect(millrace?.requestsPer1000).toBeGreaterThan(2);
    expect(millrace?.requestsPer1000).toBeLessThan(10);
    expect(updates?.requestsPer1000).toBeGreaterThan(100);
  });

  it('takes engines in turns, and notices a wrong row and a failure in whichever round', async () => {
    const order: string[] = [];
    const engine = (name: string, spoil: (answerFile: string) => void): Engine => ({
      ...plainLoop,
      name,
      run: async (trial, signal) => {
        order.push(name);
        const measured = await plainLoop.run(trial, signal);
        spoil(trial.answerFile);
        return measured;
      },
    });
    const inRound = (round: number, name: string) => order.filter((one) => one === name).length === round;
    const right = engine('right', () => undefined);
    const wrong = engine('wrong', (file) => inRound(2, 'wrong') && appendFileSync(file, '1,2,3\n'));
    const broken = engine('broken', () => {
      if (inRound(2, 'broken')) throw new Error('no disk');
    });
    const { rows, failed, rounds } = await run([right, wrong, broken], ['tumbling'], 3);
    // Who has failed is not asked again.
    expect(order).toEqual(['right', 'wrong', 'broken', 'right', 'wrong', 'broken', 'right', 'wrong']);
    expect(rows.map(({ engine, resultsEqual }) => [engine, resultsEqual])).toEqual([
      ['loop', null],
      ['right', true],
      ['wrong', false],
    ]);
    for (const { cpuMicrosOfRounds } of rows) expect(cpuMicrosOfRounds).toHaveLength(3);
    expect({ failed, rounds }).toEqual({ failed: [{ engine: 'broken', work: 'tumbling', why: 'no disk' }], rounds: 3 });
  });

  it('notices a row too many, and an engine that fails', async () => {
    const wrong: Engine = {
      ...plainLoop,
      name: 'wrong',
      run: async (trial, signal) => {
        const measured = await plainLoop.run(trial, signal);
        appendFileSync(trial.answerFile, '1,2,3\n');
        return measured;
      },
    };
    const broken: Engine = { ...plainLoop, name: 'broken', run: () => Promise.reject(new Error('no disk')) };
    const results = await run([wrong, broken], ['tumbling']);
    expect(results.rows.map(({ engine, resultsEqual }) => [engine, resultsEqual])).toEqual([
      ['loop', null],
      ['wrong', false],
    ]);
    expect(results.failed).toEqual([{ engine: 'broken', work: 'tumbling', why: 'no disk' }]);
    expect(renderTables(results)).toContain('FAILED: broken at tumbling: no disk');
  });
});
