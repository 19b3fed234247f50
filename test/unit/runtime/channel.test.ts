import { describe, expect, it } from 'vitest';
import { Coverage } from '../../../lib/commit/coverage.ts';
import { Marks } from '../../../lib/commit/marks.ts';
import { Channel } from '../../../lib/runtime/channel.ts';
import type { Packet } from '../../../lib/runtime/packet.ts';

const OWNED = { from: 0, to: 7 };
const MIN = Number.MIN_SAFE_INTEGER;

const packet = (n: number, watermarkMs = n * 10, producer = 'p'): Packet => ({
  producer,
  n,
  watermarkMs,
  excluded: false,
  epoch: 1,
  runs: [],
  rows: [],
  children: [],
});

const marksAt = (...at: [producer: string, from: number, to: number, n: number, watermarkMs: number][]): Marks => {
  const marks = new Marks(['p', 'q'], OWNED, 8);
  for (const [producer, from, to, n, watermarkMs] of at) {
    marks.apply({ producer, from, to, n, watermarkMs, excluded: false, status: 'active' });
  }
  return marks;
};

describe('Channel', () => {
  const actions = (channel: Channel, n: number, from: number, to: number, prev: number) =>
    channel.judge(packet(n), { from, to, prev }).map(({ run, action }) => `${run.from}-${run.to} ${action}`);

  it('applies what follows, drops what was applied and holds what comes too early', () => {
    const channel = new Channel(marksAt(['p', 0, 3, 5, 50]));
    expect(actions(channel, 6, 0, 3, 5)).toEqual(['0-3 apply']);
    expect(actions(channel, 5, 0, 3, 4)).toEqual(['0-3 drop']);
    expect(actions(channel, 9, 0, 3, 8)).toEqual(['0-3 hold']);
    expect(actions(channel, 1, 4, 7, 0)).toEqual(['4-7 apply']);
  });

  it('cuts a run where the marks differ', () => {
    const channel = new Channel(marksAt(['p', 0, 1, 5, 50], ['p', 2, 2, 6, 60], ['p', 3, 3, 4, 40]));
    expect(actions(channel, 6, 0, 3, 5)).toEqual(['0-1 apply', '2-2 drop', '3-3 hold']);
  });

  it('sees what was advanced in the same commit', () => {
    const channel = new Channel(marksAt());
    channel.advance(packet(1), { from: 0, to: 7, prev: 0 });
    expect(actions(channel, 2, 0, 7, 1)).toEqual(['0-7 apply']);
    expect(actions(channel, 1, 0, 7, 0)).toEqual(['0-7 drop']);
    channel.advance(packet(2), { from: 0, to: 3, prev: 1 });
    channel.advance(packet(2), { from: 4, to: 7, prev: 1 });
    expect(channel.changes).toEqual([
      { producer: 'p', from: 0, to: 7, n: 2, watermarkMs: 20, excluded: false, status: 'active' },
    ]);
  });

  it('throws CORRUPT_PACKET for an unknown producer, and for a chain that forks', () => {
    const channel = new Channel(marksAt(['p', 0, 7, 5, 50]));
    expect(() => channel.judge(packet(1, 1, 'stranger'), { from: 0, to: 7, prev: 0 })).toThrow(/no task of this job/);
    expect(() => actions(channel, 7, 0, 7, 3)).toThrow(/follows 3, but 5/);
  });
});

describe('Marks', () => {
  it('hold the watermark at its minimum for a producer that was never heard of, and for each partition', () => {
    const marks = marksAt(['p', 0, 7, 1, 100]);
    expect(marks.watermarkMs()).toBe(MIN);
    marks.apply({ producer: 'q', from: 0, to: 6, n: 1, watermarkMs: 50, excluded: false, status: 'active' });
    expect(marks.watermarkMs()).toBe(MIN);
    marks.apply({ producer: 'q', from: 7, to: 7, n: 1, watermarkMs: 40, excluded: false, status: 'active' });
    expect(marks.watermarkMs()).toBe(40);
  });

  it('do not wait for a producer that asked for it, but for all of them if there is no other', () => {
    const marks = marksAt(['p', 0, 7, 1, 100]);
    marks.apply({ producer: 'q', from: 0, to: 7, n: 1, watermarkMs: 5, excluded: true, status: 'active' });
    expect(marks.watermarkMs()).toBe(100);
    marks.apply({ producer: 'p', from: 0, to: 7, n: 2, watermarkMs: 100, excluded: true, status: 'active' });
    expect(marks.watermarkMs()).toBe(MIN);
  });

  it('come back from their run-length coding', () => {
    const marks = marksAt(['p', 0, 3, 2, 20], ['p', 4, 7, 3, 20], ['q', 0, 7, 1, 5]);
    const copy = new Marks(['p', 'q'], OWNED, 8);
    for (const change of marks.toChanges()) copy.apply(change);
    expect(copy.toChanges()).toEqual(marks.toChanges());
    expect(marks.toChanges()).toHaveLength(3);
  });
});

describe('Coverage', () => {
  it('names for each partition the commit that covered it last, also after commits that covered some only', () => {
    const coverage = new Coverage(8);
    const hop = (n: number, from: number, to: number) => ({
      stage: 's',
      watermarkMs: n,
      excluded: false,
      covers: coverage.runsOver([[from, to]]),
      rows: [],
    });
    expect(hop(1, 0, 7).covers).toEqual([{ from: 0, to: 7, prev: 0 }]);
    coverage.apply(1, hop(1, 0, 7));
    expect(coverage.watermarkMs).toBe(1);
    coverage.apply(2, hop(2, 2, 3));
    // A watermark that only some were told does not count as told.
    expect(coverage.watermarkMs).toBe(1);
    expect(hop(3, 0, 7).covers).toEqual([
      { from: 0, to: 1, prev: 1 },
      { from: 2, to: 3, prev: 2 },
      { from: 4, to: 7, prev: 1 },
    ]);
  });
});
