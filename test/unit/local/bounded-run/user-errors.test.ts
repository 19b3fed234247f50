import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RetryableError, TerminalError } from 'millrace';
import { runBounded } from 'millrace/local';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anything, at, pipelineOf } from '../../operators/fixtures.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-run-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = (error: Error) => {
  const input = join(folder, 'events.jsonl');
  writeFileSync(input, `${JSON.stringify(at(0))}\n${JSON.stringify(at(1, 13))}\n`);
  const pipeline = pipelineOf(
    (stream) =>
      stream
        .filter('check', (event) => {
          if (event.v === 13) throw error;
          return true;
        })
        .sink('out', anything()),
    { quarantine: { maxFraction: 1 } },
  );
  return runBounded(pipeline, { inputs: { events: input }, outputDir: join(folder, 'out') });
};

describe('a bounded run', () => {
  it('ends with USER_RETRYABLE and leaves no output where a function asks for a retry', async () => {
    await expect(run(new RetryableError('not yet'))).rejects.toMatchObject({ code: 'USER_RETRYABLE' });
    expect(existsSync(join(folder, 'out', 'out.jsonl'))).toBe(false);
  });

  it('writes what a TerminalError refuses to the quarantine', async () => {
    await run(new TerminalError('no such currency'));
    const line = readFileSync(join(folder, 'out', '_quarantine.jsonl'), 'utf8');
    expect(JSON.parse(line)).toMatchObject({
      code: 'TERMINAL',
      message: 'no such currency',
      operator: 'check',
      line: 2,
    });
  });
});
