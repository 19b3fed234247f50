import type { Aggregator } from './aggregator.ts';

/**
 * Counts records.
 *
 * @example
 * .aggregate('totals', { orders: count() })
 */
export const count = (): Aggregator<unknown, number, number> => ({
  kind: 'count',
  create: () => 0,
  add: (accumulator) => accumulator + 1,
  merge: (left, right) => left + right,
  result: (accumulator) => accumulator,
});
