import type { Aggregator } from './aggregator.ts';
import { finiteNumber } from './finite-number.ts';

/**
 * Adds up a number of each record. Exact for whole numbers while the sum is below 2^53: keep money in cents. Fractions
 * are rounded by each addition, so that their last digits depend on the order in which records arrive.
 *
 * @param fn the number; a record for which it is NaN, infinite or not a number is quarantined
 *
 * @example
 * .aggregate('totals', { amountCents: sum((order) => order.amountCents) })
 */
export const sum = <In>(fn: (value: In) => number): Aggregator<In, number, number> => ({
  kind: 'sum',
  create: () => 0,
  add: (accumulator, value) => finiteNumber('sum', accumulator + finiteNumber('sum', fn(value))),
  merge: (left, right) => finiteNumber('sum', left + right),
  result: (accumulator) => accumulator,
});
