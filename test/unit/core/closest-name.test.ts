import { describe, expect, it } from 'vitest';
import { closestName } from '../../../lib/core/closest-name.ts';

describe('the closest name', () => {
  it.each([
    ['oders', 'orders'],
    ['Orders', 'orders'],
    ['click', 'clicks'],
    ['lcicks', 'clicks'],
  ])('takes %s for %s', (given, meant) => {
    expect(closestName(given, ['late', 'orders', 'clicks'])).toBe(meant);
  });

  it.each(['payments', 'x', ''])('takes %j for nothing', (given) => {
    expect(closestName(given, ['late', 'orders', 'clicks'])).toBeUndefined();
  });
});
