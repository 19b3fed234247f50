import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromColumn, pickColumns, toColumn } from '../../../lib/core/columns.ts';

const json = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const number = fc.oneof(
  fc.nat({ max: 9 }),
  fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
);
const scalar = fc.oneof(number, fc.string(), fc.boolean(), fc.constant(null));

/** Lists whose values have much in common, little, or nothing. */
const lists = fc.oneof(
  fc.array(json),
  fc.array(number),
  fc.tuple(json, fc.nat({ max: 5 })).map(([value, count]) => new Array<unknown>(count).fill(value)),
  fc.array(fc.tuple(scalar, number, fc.array(number, { maxLength: 2 }), fc.constantFrom(0, 1))),
  fc.array(fc.array(scalar, { maxLength: 2 })),
  fc.array(fc.tuple(scalar, fc.array(fc.tuple(number, number, fc.tuple(number)), { minLength: 1, maxLength: 2 }))),
);

const throughText = (values: readonly unknown[]): unknown =>
  fromColumn(JSON.parse(JSON.stringify(toColumn(values))), values.length);

describe('columns', () => {
  it('give back the list that they were made of, whatever is in it', () => {
    fc.assert(
      fc.property(lists, (values) => {
        expect(throughText(values)).toEqual(values);
      }),
    );
  });

  it('are joined row by row, whatever they have in common', () => {
    const part = fc.tuple(lists, fc.infiniteStream(fc.boolean()));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (drawn) => {
        const parts = drawn.map(([values, picks]) => ({
          values,
          column: toColumn(values),
          count: values.length,
          rows: [...values.keys()].filter(() => picks.next().value === true),
        }));
        const picked = parts.flatMap(({ values, rows }) => rows.map((row) => values[row]));
        expect(fromColumn(pickColumns(parts), picked.length)).toEqual(picked);
      }),
    );
  });

  it('say once what all values are, and of instants how much later each is', () => {
    expect(toColumn(['a', 'a', 'a'])).toEqual({ same: 'a' });
    expect(toColumn([1_700_000_000_000, 1_700_000_002_000])).toEqual({ base: 1_700_000_000_000, more: [0, 2_000] });
    expect(
      toColumn([
        [7, 1_700_000_000_000, [3], 1],
        [8, 1_700_000_000_000, [5], 1],
      ]),
    ).toEqual({ places: [[7, 8], { same: 1_700_000_000_000 }, { places: [[3, 5]] }, { same: 1 }] });
  });

  it('leave numbers alone that would not come back from their difference', () => {
    for (const values of [
      [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
      [1_700_000_000_000, 0.5],
      [1_700_000_000_000, null],
      [2 ** 60, 2 ** 60 + 4096],
    ])
      expect(toColumn(values)).toBe(values);
  });

  it('are refused where they are of another number of values', () => {
    expect(() => fromColumn([1, 2], 3)).toThrow('a column has 2 values of 3');
    expect(() => fromColumn({ places: [{ base: 1, more: [1] }, { same: 1 }] }, 2)).toThrow('1 values of 2');
  });
});
