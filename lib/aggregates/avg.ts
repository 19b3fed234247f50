import type { Aggregator } from './aggregator.ts';
import { finiteNumber } from './finite-number.ts';

/** Sum and count. */
export type AverageAccumulator = readonly [sum: number, count: number];

/**
 * The arithmetic mean of a number of each record. The sum is exact for whole numbers below 2^53, as in {@link sum};
 * the mean is rounded once. Null in a pane that had all of its records before a release added this aggregate.
 *
 * @param fn the number; a record for which it is NaN, infinite or not a number is quarantined
 *
 * @example
 * .aggregate('prices', { mean: avg((bid) => bid.price) })
 */
export const avg = <In>(fn: (value: In) => number): Aggregator<In, AverageAccumulator, number> => ({
  kind: 'avg',
  create: () => [0, 0],
  add: ([total, n], value) => [finiteNumber('avg', total + finiteNumber('avg', fn(value))), n + 1],
  merge: (left, right) => [finiteNumber('avg', left[0] + right[0]), left[1] + right[1]],
  // A pane has at least one record, but the aggregate may be younger than the pane.
  result: ([total, n]) => (n === 0 ? (null as unknown as number) : total / n),
});
