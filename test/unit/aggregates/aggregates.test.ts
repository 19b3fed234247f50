import { type Aggregator, avg, count, max, maxBy, min, minBy, sum } from 'millrace';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../dsl/fixtures.ts';

const resultOf = <In, Acc, Out>(aggregate: Aggregator<In, Acc, Out>, ...values: In[]): Out =>
  aggregate.result(values.reduce((accumulator, value) => aggregate.add(accumulator, value), aggregate.create()));

const self = (n: number): number => n;

const priceOf = ({ price }: { readonly price: number }): number => price;

describe('aggregates of numbers', () => {
  it('count, add up, and find the smallest, the greatest and the mean', () => {
    expect(resultOf(count(), 'a', 'b')).toBe(2);
    expect(resultOf(sum(self), 5, -2, 4)).toBe(7);
    expect(resultOf(min(self), 5, -2, 4)).toBe(-2);
    expect(resultOf(max(self), -5, -2, -4)).toBe(-2);
    expect(resultOf(avg(self), 1, 2, 6)).toBe(3);
  });

  it('take −0 for 0, which JSON cannot tell apart', () => {
    expect([
      resultOf(sum(self), -0),
      resultOf(min(self), -0),
      resultOf(max(self), -0),
      resultOf(avg(self), -0),
    ]).toEqual([0, 0, 0, 0]);
  });

  it('are null where a release has added them to a pane that gets no more records', () => {
    expect(
      [min, max, avg, minBy, maxBy].map((make) => resultOf(make(self) as Aggregator<never, unknown, unknown>)),
    ).toEqual([null, null, null, null, null]);
    expect(resultOf(maxBy(self, { ties: 'all' }))).toEqual([]);
    expect([resultOf(sum(self)), resultOf(count())]).toEqual([0, 0]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, undefined, '1'])(
    'throw when the function returns %s',
    (value) => {
      for (const make of [sum, min, max, avg, maxBy, minBy]) {
        const aggregate = make(() => value as number);
        expect(() => aggregate.add(aggregate.create() as never, 0)).toThrow(/return a finite number/);
      }
    },
  );

  it('throw when a sum leaves the finite numbers', () => {
    expect(() => resultOf(sum(self), Number.MAX_VALUE, Number.MAX_VALUE)).toThrow(/Infinity/);
    expect(() => sum(self).merge(Number.MAX_VALUE, Number.MAX_VALUE)).toThrow(/Infinity/);
  });
});

describe('maxBy and minBy', () => {
  const offers = [
    { price: 3, by: 'y' },
    { price: 5, by: 'z' },
    { price: 5, by: 'x' },
    { price: 3, by: 'w' },
  ];

  it('find the record with the best score, on ties the one with the smallest JSON', () => {
    expect(resultOf(maxBy(priceOf), ...offers)).toEqual({ price: 5, by: 'x' });
    expect(resultOf(minBy(priceOf), ...offers)).toEqual({ price: 3, by: 'w' });
    expect(resultOf(maxBy(priceOf, { ties: 'first' }), ...offers.toReversed())).toEqual({ price: 5, by: 'x' });
  });

  it('find all of them, equal ones too, in the order of their JSON', () => {
    const again = { by: 'x', price: 5 };
    expect(resultOf(maxBy(priceOf, { ties: 'all' }), ...offers, again)).toEqual([again, again, offers[1]]);
    expect(resultOf(minBy(priceOf, { ties: 'all' }), ...offers)).toEqual([offers[3], offers[0]]);
  });

  it('refuse options that they do not know', () => {
    expect(codeOf(() => maxBy(self, { ties: 'last' as never }))).toBe('INVALID_OPTION');
    expect(codeOf(() => minBy(self, { tie: 'all' } as never))).toBe('INVALID_OPTION');
  });
});
