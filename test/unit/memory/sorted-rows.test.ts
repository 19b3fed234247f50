import { describe, expect, it } from 'vitest';
import { sortedRows } from '../../../lib/memory/sorted-rows.ts';

describe('the rows of a table', () => {
  it('are in the order of their keys: first the partition key, then the sort key', () => {
    const rows = [
      { shop: 'b', minute: 10 },
      { shop: 'a', minute: 9 },
      { shop: 'b', minute: 9 },
      { shop: 'a', minute: 10 },
    ];
    expect(sortedRows(rows, ['shop', 'minute'])).toEqual([
      { shop: 'a', minute: 9 },
      { shop: 'a', minute: 10 },
      { shop: 'b', minute: 9 },
      { shop: 'b', minute: 10 },
    ]);
  });

  it('are a new list: the one that was given stays as it is', () => {
    const rows = [{ n: 2 }, { n: 1 }];
    expect(sortedRows(rows, ['n'])).toEqual([{ n: 1 }, { n: 2 }]);
    expect(rows).toEqual([{ n: 2 }, { n: 1 }]);
  });
});
