import { describe, expect, it } from 'vitest';
import { StageRepairs } from '../../lib/runtime/stage-repairs.ts';
import { type Pane, repairedPipeline, setMended } from '../simulation/reference/repaired-pipeline.ts';
import { finish } from '../support/finish.ts';
import { quarantined } from '../support/quarantined.ts';
import { World } from '../support/world.ts';

const keys = ['k0', 'k1', 'k2'];

// Seed 835 of 2026-11: the panes fired when the next batch came, and after the end of the input never.
describe('keys that go on after a redrive, in a container with memory for one', () => {
  it('have all of their panes fired by the redrive, however many commits that takes', async () => {
    setMended(false);
    const limits = { externalRows: 1, timers: 1, outputBytes: 100 };
    const log = { ringSize: 4, snapshotCommits: 1 };
    const world = new World({ pipeline: repairedPipeline(true), seed: 1, shards: 1, limits, cacheBytes: 1, log });
    const events = [
      ...keys.map((key, i) => ({ id: `p${i}`, key, at: i })),
      ...keys.map((key, i) => ({ id: `e${i}`, key, at: 11_000 + i })),
    ];
    await world.send(events.map((event) => ({ partitionKey: 'p', data: Buffer.from(JSON.stringify(event)) })));
    await finish(world, { containerOf: (stage) => world.container(stage), batchSize: () => 3 });
    expect(world.appended('wide-fired')).toEqual([]);

    setMended(true);
    const records = await quarantined(world);
    expect(records.map(({ payloadKind }) => payloadKind)).toEqual(['pane', 'pane', 'pane']);
    const ending = await world.container('by-key').run(async ({ repaired }, deadline) => {
      await new StageRepairs(repaired).redrive(records, deadline);
      return undefined;
    });
    expect(ending).toEqual({ kind: 'done', next: undefined });
    const panesOf = (sink: string) => world.appended<Pane>(sink).map(({ key, ids }) => `${key} ${ids}`);
    expect(panesOf('fired').sort()).toEqual(keys.flatMap((key, i) => [`${key} e${i}`, `${key} p${i}`]));
    expect(panesOf('wide-fired').sort()).toEqual(keys.map((key, i) => `${key} p${i},e${i}`));
  });
});
