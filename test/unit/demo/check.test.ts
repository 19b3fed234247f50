import { describe, expect, it } from 'vitest';
import { checkResults, type Evidence } from '../../../localstack/demo/check.ts';

const minute = 1_700_000_040_000;
const order = (id: string, amountCents = 500, at = minute + 1_000) => ({ id, province: 'ZJ', amountCents, at });
const row = (orders: number, amountCents: number, at = minute) => ({ province: 'ZJ', minute: at, orders, amountCents });

/** Two orders in one row, one free, one late, one broken. */
const right: Evidence = {
  sent: [order('1'), order('2', 700), order('free', 0), order('late', 900, minute - 3_600_000)],
  poison: ['AAAA'],
  rows: [row(2, 1_200)],
  late: [{ id: 'late', _id: 'u/1/0' }],
  quarantined: ['AAAA'],
};

describe('checkResults', () => {
  it('finds nothing wrong where every order is where it belongs', () => {
    expect(checkResults(right)).toEqual({
      sent: 5,
      paid: 3,
      rejected: 1,
      rejectedExpected: 1,
      late: 1,
      rows: 1,
      rowsExpected: 1,
      orders: 2,
      ordersExpected: 2,
      amountCents: 1_200,
      amountCentsExpected: 1_200,
      lost: 0,
      duplicates: 0,
      problems: [],
    });
  });

  it('forgives a repeat in the late stream under the same id', () => {
    const late = [...right.late, ...right.late];
    expect(checkResults({ ...right, late }).problems).toEqual([]);
  });

  it.each<[string, Partial<Evidence>, { lost: number; duplicates: number }]>([
    ['an order that is missing from its row', { rows: [row(1, 500)] }, { lost: 1, duplicates: 0 }],
    ['a row that is missing', { rows: [] }, { lost: 2, duplicates: 0 }],
    ['an order counted twice', { rows: [row(3, 1_700)] }, { lost: 0, duplicates: 1 }],
    ['a row of nothing', { rows: [row(2, 1_200), row(1, 1, minute + 60_000)] }, { lost: 0, duplicates: 1 }],
    ['a sum that is wrong by a cent', { rows: [row(2, 1_201)] }, { lost: 0, duplicates: 0 }],
    ['a late order that is nowhere', { late: [] }, { lost: 1, duplicates: 0 }],
    ['a late order under two ids', { late: [...right.late, { id: 'late', _id: 'u/2/0' }] }, { lost: 0, duplicates: 1 }],
    [
      'a late order that is in its row too',
      { late: [...right.late, { id: '1', _id: 'u/2/0' }] },
      { lost: 0, duplicates: 1 },
    ],
    ['a late order that nobody sent', { late: [...right.late, { id: '?', _id: 'u/2/0' }] }, { lost: 0, duplicates: 0 }],
    [
      'a free order in the late stream',
      { late: [...right.late, { id: 'free', _id: 'u/2/0' }] },
      { lost: 0, duplicates: 0 },
    ],
    ['a broken record that is nowhere', { quarantined: [] }, { lost: 1, duplicates: 0 }],
    ['a broken record that is there twice', { quarantined: ['AAAA', 'AAAA'] }, { lost: 0, duplicates: 1 }],
    ['another record in quarantine', { quarantined: ['BBBB'] }, { lost: 1, duplicates: 1 }],
  ])('finds %s', (_what, wrong, found) => {
    const result = checkResults({ ...right, ...wrong });
    expect(result.problems).not.toEqual([]);
    expect(result).toMatchObject(found);
  });
});
