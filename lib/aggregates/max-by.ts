import { checkOptions } from '../core/check-options.ts';
import type { Aggregator } from './aggregator.ts';
import { type ExtremeAccumulator, extremeBy, type TiesOptions, tiesOptionsShape } from './extreme-by.ts';

/**
 * The record of a pane with the greatest score. On equal scores the one whose canonical JSON is the smallest text
 * wins, whatever the order of arrival; with `{ ties: 'all' }` the result is the array of all of them, in that order.
 * Records are kept in state, so they must be plain JSON: `map` to the fields that you need first. In a pane that had all of its
 * records before a release added this aggregate the result is null, or an empty array.
 *
 * @param scoreOf the score; a record for which it is NaN, infinite or not a number is quarantined
 *
 * @example
 * .aggregate('best', { bid: maxBy((bid) => bid.price) })
 *
 * @example The highest bids of a window, all of them where several are equal
 * .aggregate('best', { bids: maxBy((bid) => bid.price, { ties: 'all' }) })
 */
export function maxBy<In>(
  scoreOf: (value: In) => number,
  options: TiesOptions<'all'>,
): Aggregator<In, ExtremeAccumulator | null, readonly NoInfer<In>[]>;
export function maxBy<In>(
  scoreOf: (value: In) => number,
  options?: Partial<TiesOptions<'first'>>,
): Aggregator<In, ExtremeAccumulator | null, NoInfer<In>>;
export function maxBy<In>(
  scoreOf: (value: In) => number,
  options: Partial<TiesOptions<'first' | 'all'>> = {},
): Aggregator<In, ExtremeAccumulator | null, unknown> {
  const { ties = 'first' } = checkOptions('maxBy', tiesOptionsShape, options);
  return extremeBy('maxBy', scoreOf, (a, b) => a > b, ties);
}
