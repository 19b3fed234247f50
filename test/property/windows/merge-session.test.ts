import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeSession, replaceSessions, type Session } from '../../../lib/windows/merge-session.ts';

const join = (left: readonly number[], right: readonly number[]): number[] => [...left, ...right];

const addAll = (sessions: Session<readonly number[]>[], added: readonly Session<readonly number[]>[]) =>
  added.reduce(
    (list, { startMs, endMs, accumulator }) =>
      replaceSessions(list, mergeSession(list, startMs, endMs, accumulator, join)),
    sessions,
  );

const single =
  (gapMs: number) =>
  (tsMs: number): Session<readonly number[]> => ({ startMs: tsMs, endMs: tsMs + gapMs, accumulator: [tsMs] });

const inOrder = (sessions: readonly Session<readonly number[]>[]) =>
  sessions.map((session) => ({ ...session, accumulator: session.accumulator.toSorted((a, b) => a - b) }));

/** By the definition alone: sorted records, cut wherever the silence lasts for the gap. */
const reference = (times: readonly number[], gapMs: number): Session<readonly number[]>[] => {
  const groups: number[][] = [];
  for (const tsMs of times.toSorted((a, b) => a - b)) {
    const last = groups.at(-1);
    if (last === undefined || tsMs - last.at(-1)! >= gapMs) groups.push([tsMs]);
    else last.push(tsMs);
  }
  return groups.map((group) => ({ startMs: group[0]!, endMs: group.at(-1)! + gapMs, accumulator: group }));
};

const times = fc.array(fc.integer({ min: -60, max: 60 }), { maxLength: 30, size: 'max' });
const gaps = fc.integer({ min: 1, max: 12 });

describe('mergeSession', () => {
  it('finds the sessions of records that come in any order', () => {
    fc.assert(
      fc.property(times, gaps, (unordered, gapMs) => {
        expect(inOrder(addAll([], unordered.map(single(gapMs))))).toEqual(reference(unordered, gapMs));
      }),
    );
  });

  it('finds the same sessions from partial ones, however the records were divided', () => {
    fc.assert(
      fc.property(fc.array(times, { maxLength: 4 }), gaps, (batches, gapMs) => {
        const partials = batches.flatMap((batch) => addAll([], batch.map(single(gapMs))));
        expect(inOrder(addAll([], partials))).toEqual(reference(batches.flat(), gapMs));
      }),
    );
  });
});
