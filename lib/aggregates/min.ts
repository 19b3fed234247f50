import type { Aggregator } from './aggregator.ts';
import { finiteNumber } from './finite-number.ts';

/**
 * The smallest number of a pane's records. Null in a pane that had all of its records before a release added this aggregate.
 *
 * @param fn the number; a record for which it is NaN, infinite or not a number is quarantined
 *
 * @example
 * .aggregate('prices', { lowest: min((bid) => bid.price) })
 */
export const min = <In>(fn: (value: In) => number): Aggregator<In, number | null, number> => ({
  kind: 'min',
  create: () => null,
  add: (accumulator, value) => smaller(accumulator, finiteNumber('min', fn(value))),
  merge: smaller,
  // A pane has at least one record, but the aggregate may be younger than the pane.
  result: (accumulator) => accumulator as number,
});

const smaller = <A extends number | null>(left: number | null, right: A): number | A =>
  left === null || (right !== null && right < left) ? right : left;
