import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { decodeEntries, encodeEntries } from '../../../lib/commit/entry-columns.ts';
import { StatePartition } from '../../../lib/state/state-partition.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const heapInUse = (): number => {
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed;
};

const startMs = 1_767_225_600_000;
const keyOf = (i: number) => `user-${String(i).padStart(8, '0')}`;
const pane = (i: number, accumulators: readonly unknown[]) => [keyOf(i), startMs, accumulators, 1];

const values: Record<string, (i: number) => unknown> = {
  'a count': (i) => pane(i, [1 + (i % 9)]),
  'a sum, a count and a text': (i) => pane(i, [i * 1.37, i % 97, `order-${i * 7_919}`]),
  'two sessions': (i) => [
    keyOf(i),
    [
      [startMs + i, startMs + i + 2_000, [3], 1],
      [startMs + i + 9_000, startMs + i + 12_000, [3], 1],
    ],
  ],
  'five orders': (i) =>
    pane(i, [
      Array.from({ length: 5 }, (_, k) => ({ id: `order-${i * 5 + k}`, amountCents: i * 31 + k, at: startMs + i })),
    ]),
  'a hundred numbers': (i) => pane(i, [Array.from({ length: 100 }, (_, k) => i * 1_000 + k)]),
};

const entries = 20_000;

/** Beside the heap, as what is loaded comes from. */
const storedText = (makeValue: (i: number) => unknown): Buffer => {
  const changes = Array.from({ length: entries }, (_, i) => ({
    lp: 0,
    table: 0,
    key: `${startMs}|"${keyOf(i)}"`,
    value: makeValue(i),
  }));
  return Buffer.from(encodeEntries(changes));
};

const stored = { timerMs: startMs, watched: false, bytes: 0 };

const load = (text: Buffer): StatePartition => {
  const partition = new StatePartition(0, [{ id: 'window', timerMs: () => startMs }], stored);
  partition.load(decodeEntries(text.toString()));
  // From then on its timers are in memory.
  expect(partition.due(startMs)[Symbol.iterator]().next().done).toBe(false);
  return partition;
};

describe('the memory that an entry is taken for', () => {
  it.each(Object.entries(values))('is within a third of what %s takes in a loaded partition', (_, makeValue) => {
    const text = storedText(makeValue);
    const before = heapInUse();
    const partition = load(text);
    const taken = heapInUse() - before;
    expect(partition.tables[0]?.size).toBe(entries);
    expect(partition.bytes / taken).toBeGreaterThan(0.67);
    expect(partition.bytes / taken).toBeLessThan(1.5);
  });
});
