import { describe, expect, it } from 'vitest';
import type { MarkChange } from '../../../lib/commit/commit.ts';
import { Marks } from '../../../lib/commit/marks.ts';
import { Channel } from '../../../lib/runtime/channel.ts';
import type { Packet } from '../../../lib/runtime/packet.ts';

const P = 8;
const ALL = { from: 0, to: P - 1 };
const MIN = Number.MIN_SAFE_INTEGER;

const packet = (producer: string, n: number, watermarkMs: number, more: Partial<Packet> = {}): Packet => ({
  producer,
  n,
  watermarkMs,
  excluded: false,
  epoch: 1,
  runs: [],
  rows: [],
  children: [],
  ...more,
});

/** Marks of a stage that `u/a` and `u/b` send to. */
const roster = (): Marks => new Marks(['u/a', 'u/b'], ALL, P);

/** What a commit does that applies these packets, each on the partitions given. */
const apply = (marks: Marks, ...taken: [Packet, from: number, to: number, prev: number][]): readonly MarkChange[] => {
  const channel = new Channel(marks);
  for (const [one, from, to, prev] of taken) channel.advance(one, { from, to, prev });
  for (const change of channel.changes) marks.apply(change);
  return channel.changes;
};

const judge = (marks: Marks, one: Packet, prev: number): string[] =>
  new Channel(marks).judge(one, { ...ALL, prev }).map(({ run, action }) => `${run.from}-${run.to} ${action}`);

const merged = [{ unit: 'u/c', parents: ['u/a', 'u/b'] }];
const split = ['u/c', 'u/d'].map((unit) => ({ unit, parents: ['u/a'] }));

describe('a seal', () => {
  it('lets the children of a split go on at once, from its own number and watermark', () => {
    const marks = roster();
    apply(marks, [packet('u/a', 7, 50, { children: split }), 0, 7, 0], [packet('u/b', 1, 90), 0, 7, 0]);
    expect(marks.watermarkMs()).toBe(50);
    expect(judge(marks, packet('u/d', 8, 60), 7)).toEqual(['0-7 apply']);
    expect(judge(marks, packet('u/d', 9, 60), 8)).toEqual(['0-7 hold']);
    apply(marks, [packet('u/c', 8, 70), 0, 7, 7], [packet('u/d', 8, 80), 0, 7, 7]);
    expect(marks.watermarkMs()).toBe(70);
  });

  it('lets the child of a merge go on only where both parents have ended, from the larger number and the smaller watermark', () => {
    const marks = roster();
    apply(marks, [packet('u/a', 7, 50, { children: merged }), 0, 7, 0], [packet('u/b', 3, 90), 0, 7, 0]);
    expect(judge(marks, packet('u/c', 8, 95), 7)).toEqual(['0-7 hold']);
    // The parent that ended holds no more, but what may come from its child does.
    expect(marks.watermarkMs()).toBe(50);
    apply(marks, [packet('u/b', 4, 95, { children: merged }), 0, 3, 3]);
    expect(judge(marks, packet('u/c', 8, 95), 7)).toEqual(['0-3 apply', '4-7 hold']);
    expect(marks.watermarkMs()).toBe(50);
    apply(marks, [packet('u/b', 4, 95, { children: merged }), 4, 7, 3], [packet('u/c', 8, 95), 0, 7, 7]);
    expect(marks.watermarkMs()).toBe(95);
  });

  it('does not let the child of a merge be waited for because of a parent that nobody waited for', () => {
    const marks = roster();
    apply(marks, [packet('u/a', 7, 5, { children: merged, excluded: true }), 0, 7, 0], [packet('u/b', 3, 90), 0, 7, 0]);
    expect(marks.watermarkMs()).toBe(90);
    apply(marks, [packet('u/b', 4, 95, { children: merged }), 0, 7, 3]);
    expect(marks.watermarkMs()).toBe(95);
  });

  it('ends its producer: its packets are dropped when they come again, and refused when they are new', () => {
    const marks = roster();
    apply(marks, [packet('u/a', 7, 50, { children: split }), 0, 7, 0]);
    expect(judge(marks, packet('u/a', 6, 40), 5)).toEqual(['0-7 drop']);
    expect(() => judge(marks, packet('u/a', 8, 60), 7)).toThrow(/after its seal/);
  });

  it('comes before what its children send, which is held where it has not arrived', () => {
    const marks = roster();
    expect(judge(marks, packet('u/c', 8, 60), 7)).toEqual(['0-7 hold']);
    apply(marks, [packet('u/a', 7, 50, { children: split }), 0, 1, 0]);
    expect(judge(marks, packet('u/c', 8, 60), 7)).toEqual(['0-1 apply', '2-7 hold']);
    expect(marks.watermarkMs()).toBe(MIN);
  });

  it('keeps its effect in a snapshot', () => {
    const marks = roster();
    apply(marks, [packet('u/a', 7, 50, { children: merged }), 0, 4, 0]);
    const copy = roster();
    for (const change of marks.toChanges()) copy.apply(change);
    expect(copy.toChanges()).toEqual(marks.toChanges());
    expect(judge(copy, packet('u/c', 8, 95), 7)).toEqual(judge(marks, packet('u/c', 8, 95), 7));
  });
});
