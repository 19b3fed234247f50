import type { Key } from '../graph/logical-graph.ts';
import type { Accumulators } from './pane-aggregates.ts';

/** How many slices it is after the base, and what was aggregated in it. */
export type Slice = readonly [offset: number, accumulators: Accumulators];

/**
 * What is stored of a key whose windows share slices: its slices, ascending; where the window that fires next ends, and where those do
 * that fire again because a record came late. Slices are numbered from the windows' offset on; all but the base are as far after the
 * base as they say. `next` is 0 where no window is left to fire: every end is after the base.
 */
export type KeySlices = readonly [
  key: Key,
  base: number,
  slices: readonly Slice[],
  next: number,
  again: readonly number[],
];

/** The same with another base, which is not after its first slice. */
export const withBase = (stored: KeySlices, base: number): KeySlices => {
  const by = stored[1] - base;
  if (by === 0) return stored;
  const [key, , slices, next, again] = stored;
  return [
    key,
    base,
    slices.map(([offset, accumulators]) => [offset + by, accumulators]),
    next === 0 ? 0 : next + by,
    again.map((end) => end + by),
  ];
};

/** The slices with more in one of them. What was given is left as it was. */
export const addTo = (
  slices: readonly Slice[],
  offset: number,
  add: (before: Accumulators | undefined) => Accumulators,
): readonly Slice[] => {
  // It is mostly the newest one.
  let at = slices.length - 1;
  while (at >= 0 && (slices[at] as Slice)[0] > offset) at--;
  const found = slices[at];
  const added = slices.slice();
  if (found?.[0] === offset) added[at] = [offset, add(found[1])];
  else added.splice(at + 1, 0, [offset, add(undefined)]);
  return added;
};

/** Ascending, each once. */
export const withEnds = (again: readonly number[], ends: readonly number[]): readonly number[] =>
  ends.length === 0 ? again : [...new Set([...again, ...ends])].sort((a, b) => a - b);
