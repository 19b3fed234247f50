import fc from 'fast-check';
import { expect, test } from 'vitest';
import { firstWhere } from '../../../lib/core/first-where.ts';

test('finds what a look from the first on finds', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -20, max: 20 }), { size: 'large', maxLength: 100 }),
      fc.integer({ min: -25, max: 25 }),
      fc.nat({ max: 10 }),
      (numbers, wanted, skipped) => {
        const sorted = numbers.sort((a, b) => a - b);
        const from = Math.min(skipped, sorted.length);
        const found = sorted.findIndex((number, i) => i >= from && number >= wanted);
        expect(firstWhere(from, sorted.length, (i) => sorted[i]! >= wanted)).toBe(found === -1 ? sorted.length : found);
      },
    ),
  );
});

test('looks at no more than the logarithm of what there is', () => {
  let looks = 0;
  firstWhere(0, 2 ** 20, (i) => {
    looks++;
    return i >= 777_777;
  });
  expect(looks).toBeLessThanOrEqual(20);
});
