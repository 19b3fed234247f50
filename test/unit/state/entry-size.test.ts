import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import {
  decodeChanges,
  encodeEntries,
  parseEntries,
  toChangeColumns,
  toLayers,
} from '../../../lib/commit/entry-columns.ts';
import { StatePartition } from '../../../lib/state/state-partition.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const memoryInUse = (): number => {
  collectGarbage();
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
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
      Array.from({ length: 3 }, (_, k) => ({ id: `order-${i * 5 + k}`, amountCents: i * 31 + k, at: startMs + i })),
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
  return Buffer.from(encodeEntries(toChangeColumns(changes)));
};

const stored = { timerMs: startMs, watched: false, bytes: 0 };

const ways = {
  'as they are stored': (partition: StatePartition, text: string) =>
    partition.adopt(toLayers(parseEntries(text).e ?? [])),
  'each on its own': (partition: StatePartition, text: string) => partition.load(decodeChanges(parseEntries(text))),
};

const load = (text: Buffer, way: keyof typeof ways): StatePartition => {
  const partition = new StatePartition(0, [{ id: 'window', timerMs: () => startMs }], stored);
  ways[way](partition, text.toString());
  return partition;
};

const bytesOf = (partitions: readonly StatePartition[]): number =>
  partitions.reduce((sum, partition) => sum + partition.bytes, 0);

describe('the memory that an entry is taken for', () => {
  describe.each(Object.keys(ways) as (keyof typeof ways)[])('in a partition whose entries are kept %s', (way) => {
    it.each(Object.entries(values))('is within a third of what %s takes', (_, makeValue) => {
      const text = storedText(makeValue);
      // What is made once, and what other tests have left, is not in it.
      load(text, way);
      const before = memoryInUse();
      const partitions = Array.from({ length: 3 }, () => load(text, way));
      const withoutTimers = memoryInUse() - before;
      expect(bytesOf(partitions) / withoutTimers).toBeGreaterThan(0.67);
      expect(bytesOf(partitions) / withoutTimers).toBeLessThan(1.5);
      // From then on timers are in memory.
      for (const partition of partitions) expect(partition.due(startMs)[Symbol.iterator]().next().done).toBe(false);
      const taken = memoryInUse() - before;
      expect(partitions.map(({ tables }) => tables[0]?.size)).toEqual(new Array(3).fill(entries));
      expect(bytesOf(partitions) / taken).toBeGreaterThan(0.67);
      expect(bytesOf(partitions) / taken).toBeLessThan(1.5);
    });
  });
});
