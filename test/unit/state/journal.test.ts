import { describe, expect, it } from 'vitest';
import { Journal } from '../../../lib/state/journal.ts';

describe('a journal', () => {
  it('takes back what came after the last begin, and nothing before it', () => {
    const journal = new Journal();
    const map = new Map<string, number | undefined>([['kept', 1]]);
    const list = [1];
    const place = { n: 1 };
    journal.begin();
    journal.set(map, 'before', undefined);
    journal.push(list, 2);
    journal.assign(place, 'n', 2);
    journal.begin();
    journal.set(map, 'before', 3);
    journal.set(map, 'kept', 2);
    journal.set(map, 'new', 3);
    journal.set(map, 'new', 4);
    journal.push(list, 3);
    journal.push(list, 4);
    journal.assign(place, 'n', 3);
    journal.rollback();
    expect([...map]).toEqual([
      ['kept', 1],
      ['before', undefined],
    ]);
    expect(list).toEqual([1, 2]);
    expect(place).toEqual({ n: 2 });
  });

  it('begins anew where it was rolled back, whatever it held before', () => {
    const journal = new Journal();
    const map = new Map<string, number>();
    for (const key of ['a', 'b', 'c']) journal.set(map, key, 1);
    journal.rollback();
    journal.set(map, 'd', 1);
    journal.begin();
    journal.rollback();
    expect([...map]).toEqual([['d', 1]]);
    journal.set(map, 'e', 1);
    journal.rollback();
    expect([...map]).toEqual([['d', 1]]);
  });
});
