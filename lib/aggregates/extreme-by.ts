import * as z from 'zod';
import { canonicalJson, compareText } from '../core/canonical-json.ts';
import type { Aggregator } from './aggregator.ts';
import { finiteNumber } from './finite-number.ts';

/** The best score so far and the records that have it; null before the first record. */
export interface ExtremeAccumulator {
  readonly score: number;
  readonly values: readonly unknown[];
}

/** What to do with records of one score: keep one of them, or all. */
export type Ties = 'first' | 'all';

/** Options of {@link maxBy} and {@link minBy}. */
export interface TiesOptions<T extends Ties> {
  /**
   * `first` keeps the record whose canonical JSON is the smallest text: not the one that came first, since
   * partial aggregates merge in any order. `all` keeps every one, duplicates too, in the order of their canonical JSON.
   */
  readonly ties: T;
}

export const tiesOptionsShape = z.strictObject({
  ties: z.enum(['first', 'all'], { error: "expected 'first' or 'all'" }).optional(),
});

/** Keeps the records with the best score; `isBetter(a, b)` is a strict order of scores. */
export const extremeBy = <In>(
  name: string,
  scoreOf: (value: In) => number,
  isBetter: (a: number, b: number) => boolean,
  ties: Ties,
): Aggregator<In, ExtremeAccumulator | null, unknown> => {
  const join = ties === 'all' ? joinAll : joinFirst;
  const merge = (left: ExtremeAccumulator | null, right: ExtremeAccumulator | null): ExtremeAccumulator | null => {
    if (left === null) return right;
    if (right === null || isBetter(left.score, right.score)) return left;
    return isBetter(right.score, left.score) ? right : { score: left.score, values: join(left.values, right.values) };
  };
  return {
    kind: `${name} ${ties}`,
    create: () => null,
    add: (accumulator, value) => {
      const score = finiteNumber(name, scoreOf(value));
      // Most records lose, and cost nothing more than their score.
      return accumulator !== null && isBetter(accumulator.score, score)
        ? accumulator
        : merge(accumulator, { score, values: [value] });
    },
    merge,
    // A pane has at least one record, but the aggregate may be younger than the pane.
    result: (accumulator) => {
      if (ties === 'all') return accumulator === null ? [] : sorted(accumulator.values);
      return accumulator === null ? null : accumulator.values[0];
    },
  };
};

const joinAll = (left: readonly unknown[], right: readonly unknown[]): readonly unknown[] => [...left, ...right];

const joinFirst = (left: readonly unknown[], right: readonly unknown[]): readonly unknown[] =>
  canonicalJson(right[0]) < canonicalJson(left[0]) ? right : left;

const sorted = (values: readonly unknown[]): readonly unknown[] =>
  values.length === 1
    ? values
    : values
        .map((value) => ({ value, text: canonicalJson(value) }))
        .sort((a, b) => compareText(a.text, b.text))
        .map(({ value }) => value);
