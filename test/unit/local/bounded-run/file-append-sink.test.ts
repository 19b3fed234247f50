import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OutputRow } from '../../../../lib/connectors/sink-port.ts';
import { FileAppendSink } from '../../../../lib/local/bounded-run/file-append-sink.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-sink-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const row = (unit: string, n: number, index: number): OutputRow => ({
  value: [unit, n, index],
  version: { incarnation: 1, n, index },
  lp: 0,
  unit,
  outputId: `${unit}/${n}/${index}`,
  eventTimeMs: 0,
});

describe('a file of appended rows', () => {
  it('has each row once, however often it is offered', async () => {
    const sink = await FileAppendSink.create(join(folder, 'a'));
    await sink.write([row('u/1', 1, 0), row('u/1', 1, 1)]);
    await sink.write([row('u/2', 1, 0)]);
    await sink.write([row('u/1', 1, 0), row('u/1', 1, 1), row('u/1', 1, 2)]);
    await sink.write([row('u/1', 2, 0)]);
    await sink.close();
    expect(
      readFileSync(join(folder, 'a'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([
      ['u/1', 1, 0],
      ['u/1', 1, 1],
      ['u/2', 1, 0],
      ['u/1', 1, 2],
      ['u/1', 2, 0],
    ]);
    expect(sink.count).toBe(5);
  });

  it('keeps whole lines when several tasks write at once', async () => {
    const sink = await FileAppendSink.create(join(folder, 'a'));
    const large = (n: number): OutputRow => ({ ...row('u', n, 0), value: 'x'.repeat(200_000) + n });
    await Promise.all([1, 2, 3, 4, 5, 6].map((n) => sink.write([large(n)])));
    await sink.close();
    const lines = readFileSync(join(folder, 'a'), 'utf8').trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as string).slice(200_000))).toEqual(['1', '2', '3', '4', '5', '6']);
  });
});
