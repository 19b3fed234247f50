import type { Key } from '../graph/logical-graph.ts';
import type { Accumulators } from './pane-aggregates.ts';

/**
 * What is stored of a key whose windows share slices: which slices, ascending, and what was aggregated in each; where the window that
 * fires next ends, and where those do that fire again because a record came late. Slices are numbered from the windows' offset on; all
 * but the base are as far after the base as they say. `next` is 0 where no window is left to fire: every end is after the base.
 *
 * Two lists and not one of pairs: it is written, measured and encoded with every change.
 */
export type KeySlices = readonly [
  key: Key,
  base: number,
  offsets: readonly number[],
  held: readonly Accumulators[],
  next: number,
  again: readonly number[],
];

/** The same with another base, which is not after its first slice. */
export const withBase = (stored: KeySlices, base: number): KeySlices => {
  const by = stored[1] - base;
  if (by === 0) return stored;
  const [key, , offsets, held, next, again] = stored;
  return [key, base, shifted(offsets, by), held, next === 0 ? 0 : next + by, shifted(again, by)];
};

const shifted = (offsets: readonly number[], by: number): readonly number[] =>
  offsets.length === 0 ? offsets : offsets.map((offset) => offset + by);

/** The same with more in one slice. */
export const withAdded = (
  [key, base, offsets, held, next, again]: KeySlices,
  offset: number,
  add: (before: Accumulators | undefined) => Accumulators,
): KeySlices => {
  // It is mostly the newest one.
  let at = offsets.length - 1;
  while (at >= 0 && (offsets[at] as number) > offset) at--;
  if (offsets[at] === offset) return [key, base, offsets, held.with(at, add(held[at])), next, again];
  const accumulators = add(undefined);
  return [key, base, offsets.toSpliced(at + 1, 0, offset), held.toSpliced(at + 1, 0, accumulators), next, again];
};

/** Ascending, each once. */
export const withEnds = (again: readonly number[], ends: readonly number[]): readonly number[] =>
  ends.length === 0 ? again : [...new Set([...again, ...ends])].sort((a, b) => a - b);
