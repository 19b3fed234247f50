import { describe, expect, it } from 'vitest';
import { maxJsonDepth, plainJsonProblem } from '../../../lib/core/plain-json.ts';

class Order {
  readonly id = '1';
}

const nested = (levels: number): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < levels; i += 1) value = [value];
  return value;
};

describe('plainJsonProblem', () => {
  it.each([
    [null],
    [true],
    [''],
    ['\ud800'],
    [0],
    [-0],
    [1.5e308],
    [[]],
    [{}],
    [Object.create(null)],
    [{ a: [{ b: null }, 'x'], c: undefined }],
    [JSON.parse('{"__proto__":{"a":1}}')],
  ])('finds nothing wrong with %j', (value) => {
    expect(plainJsonProblem(value)).toBeUndefined();
  });

  it.each([
    ['a Date', new Date(0)],
    ['a Map', new Map()],
    ['a Set', new Set()],
    ['a RegExp', /x/],
    ['an instance of Order', new Order()],
    ['an instance of Uint8Array', new Uint8Array(1)],
    ['an instance of String', Object('boxed')],
    ['a bigint', 1n],
    ['a symbol', Symbol('s')],
    ['a function', () => 1],
    ['undefined', undefined],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['-Infinity', Number.NEGATIVE_INFINITY],
  ])('names %s', (found, value) => {
    expect(plainJsonProblem(value)).toEqual({ path: '', found });
    if (value !== undefined) expect(plainJsonProblem({ a: value })).toEqual({ path: 'a', found });
  });

  it('gives the path to the first problem', () => {
    const value = { ok: [1], items: [{ at: 1 }, { at: 2 }, { 'sent at': [new Date(0)] }], z: 1n };
    expect(plainJsonProblem(value)?.path).toBe('items[2]["sent at"][0]');
  });

  it('refuses undefined and holes in arrays, which JSON turns into null', () => {
    // biome-ignore lint/suspicious/noSparseArray: a hole is what is tested
    expect(plainJsonProblem({ a: [1, , 3] })).toEqual({ path: 'a[1]', found: 'undefined' });
  });

  it('refuses a class that extends Array', () => {
    class Rows extends Array<number> {}
    expect(plainJsonProblem(new Rows())?.found).toBe('an instance of Rows');
  });

  it('refuses an object that says itself how it becomes JSON', () => {
    expect(plainJsonProblem({ toJSON: () => 1 })).toEqual({ path: 'toJSON', found: 'a function' });
  });

  it('allows exactly the greatest depth', () => {
    expect(plainJsonProblem(nested(maxJsonDepth))).toBeUndefined();
    expect(plainJsonProblem(nested(maxJsonDepth + 1))?.found).toMatch(/deeper than 100 levels/);
  });

  it('comes back from a cycle', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect(plainJsonProblem(cycle)?.found).toMatch(/a cycle/);
  });
});
