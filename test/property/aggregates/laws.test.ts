import fc from 'fast-check';
import { type Aggregator, avg, count, max, maxBy, min, minBy, sum } from 'millrace';
import { describe, expect, it } from 'vitest';

interface Reading {
  readonly n: number;
  readonly name: string;
}

type AnyAggregate = Aggregator<Reading, unknown, unknown>;

/** Few numbers, so that ties are common; keys in either order, since records are compared by their canonical JSON. */
const readings = fc
  .record({ n: fc.integer({ min: -3, max: 3 }), name: fc.constantFrom('a', 'b', 'c'), turned: fc.boolean() })
  .map(({ n, name, turned }): Reading => (turned ? { n, name } : { name, n }));

const panes = fc.array(readings, { minLength: 1, maxLength: 12 });

const aggregates: readonly (readonly [string, AnyAggregate])[] = [
  ['count', count()],
  ['sum', sum((reading: Reading) => reading.n)],
  ['min', min((reading: Reading) => reading.n)],
  ['max', max((reading: Reading) => reading.n)],
  ['avg', avg((reading: Reading) => reading.n)],
  ['maxBy', maxBy((reading: Reading) => reading.n)],
  ['maxBy with all ties', maxBy((reading: Reading) => reading.n, { ties: 'all' })],
  ['minBy', minBy((reading: Reading) => reading.n)],
  ['minBy with all ties', minBy((reading: Reading) => reading.n, { ties: 'all' })],
];

const addAll = (aggregate: AnyAggregate, values: readonly Reading[]): unknown =>
  values.reduce<unknown>((accumulator, value) => aggregate.add(accumulator, value), aggregate.create());

/** Accumulators may keep ties in any order; what counts is what comes out. */
const same = (aggregate: AnyAggregate, a: unknown, b: unknown): void => {
  expect(aggregate.result(a)).toEqual(aggregate.result(b));
};

describe.each(aggregates)('%s', (_name, aggregate) => {
  it('merges in any order', () => {
    fc.assert(
      fc.property(panes, panes, (left, right) => {
        const [a, b] = [addAll(aggregate, left), addAll(aggregate, right)];
        same(aggregate, aggregate.merge(a, b), aggregate.merge(b, a));
      }),
    );
  });

  it('merges in any grouping', () => {
    fc.assert(
      fc.property(panes, panes, panes, (x, y, z) => {
        const [a, b, c] = [addAll(aggregate, x), addAll(aggregate, y), addAll(aggregate, z)];
        same(aggregate, aggregate.merge(aggregate.merge(a, b), c), aggregate.merge(a, aggregate.merge(b, c)));
      }),
    );
  });

  it('adds a record as it merges the aggregate of that record alone', () => {
    fc.assert(
      fc.property(fc.array(readings), readings, (values, value) => {
        const accumulator = addAll(aggregate, values);
        const alone = aggregate.add(aggregate.create(), value);
        expect(aggregate.add(accumulator, value)).toEqual(aggregate.merge(accumulator, alone));
      }),
    );
  });

  it('leaves a pane as it was when it merges an empty one', () => {
    fc.assert(
      fc.property(panes, (values) => {
        const accumulator = addAll(aggregate, values);
        expect(aggregate.merge(accumulator, aggregate.create())).toEqual(accumulator);
        expect(aggregate.merge(aggregate.create(), accumulator)).toEqual(accumulator);
      }),
    );
  });

  it('gives one result whatever the order of the records', () => {
    fc.assert(
      fc.property(
        panes.chain((values) =>
          fc.tuple(fc.constant(values), fc.shuffledSubarray(values, { minLength: values.length })),
        ),
        ([values, shuffled]) => same(aggregate, addAll(aggregate, values), addAll(aggregate, shuffled)),
      ),
    );
  });

  it('keeps accumulators that survive JSON, and leaves its arguments as they were', () => {
    fc.assert(
      fc.property(panes, panes, (left, right) => {
        const [a, b] = [addAll(aggregate, left), addAll(aggregate, right)];
        const before = JSON.stringify([a, b, left]);
        aggregate.merge(a, b);
        aggregate.add(a, right[0]!);
        aggregate.result(a);
        expect(JSON.stringify([a, b, left])).toBe(before);
        expect(JSON.parse(JSON.stringify(a))).toEqual(a);
        expect(JSON.parse(JSON.stringify(aggregate.create()))).toEqual(aggregate.create());
      }),
    );
  });
});
