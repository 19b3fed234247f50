import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyPlainJson, plainJsonProblem } from '../../../lib/core/plain-json.ts';

const foreign = fc.oneof(
  fc.date(),
  fc.bigInt(),
  fc.constantFrom<unknown>(undefined, Number.NaN, Number.POSITIVE_INFINITY, Symbol('s'), new Map(), new Set(), () => 1),
  fc.uint8Array(),
);

/** Any tree of plain and of foreign values. */
const anything = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
    { arbitrary: foreign, weight: 1 },
    { arbitrary: fc.array(tie('tree'), { maxLength: 4 }), weight: 3 },
    { arbitrary: fc.dictionary(fc.string(), tie('tree'), { maxKeys: 4 }), weight: 3 },
  ),
})).tree;

/** What a reader of the value cannot tell apart: 0 from −0, a missing property from an undefined one. */
const normal = (value: unknown): unknown => {
  if (value === 0) return 0;
  if (Array.isArray(value)) return value.map(normal);
  if (value === null || typeof value !== 'object') return value;
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [key, normal(inner)]),
  );
};

const survives = (value: unknown): boolean => {
  try {
    const text = JSON.stringify(value);
    return text !== undefined && isDeepStrictEqual(normal(JSON.parse(text)), normal(value));
  } catch {
    return false;
  }
};

describe('plainJsonProblem', () => {
  it('finds a problem exactly where JSON changes the value', () => {
    let plain = 0;
    let problems = 0;
    fc.assert(
      fc.property(anything, (value) => {
        const problem = plainJsonProblem(value);
        if (problem === undefined) plain += 1;
        else problems += 1;
        expect(problem === undefined, JSON.stringify(problem)).toBe(survives(value));
      }),
      { numRuns: 2_000 },
    );
    // The property says little unless both kinds came up.
    expect(plain).toBeGreaterThan(200);
    expect(problems).toBeGreaterThan(200);
  });

  it('accepts everything that JSON.parse returns', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(plainJsonProblem(JSON.parse(text))).toBeUndefined();
      }),
    );
  });
});

describe('copyPlainJson', () => {
  it('copies what is plain, all the way down, and nothing else', () => {
    let copied = 0;
    fc.assert(
      fc.property(anything, (value) => {
        const copy = copyPlainJson(value);
        if (copy === undefined) return;
        copied += 1;
        expect(plainJsonProblem(value)).toBeUndefined();
        expect(isDeepStrictEqual(copy, value)).toBe(true);
        expectNothingShared(copy, value);
      }),
      { numRuns: 2_000 },
    );
    expect(copied).toBeGreaterThan(500);
  });

  it('leaves to others what a copy would differ from, and what has no end', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    const hidden = JSON.parse('{"__proto__":{"a":1}}') as unknown;
    for (const value of [cycle, hidden, { at: undefined }, Object.create(null), new (class Order {})(), new Array(2)])
      expect(copyPlainJson(value)).toBeUndefined();
  });
});

const expectNothingShared = (a: unknown, b: unknown): void => {
  if (typeof a !== 'object' || a === null) return;
  expect(a).not.toBe(b);
  for (const name of Object.keys(a)) {
    expectNothingShared((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]);
  }
};
