import type { Row } from '../connectors/row-fence.ts';

/** A table's rows in the order of their keys, so that equal tables are equal files. */
export const sortedRows = (rows: readonly Row[], keyFields: readonly string[]): readonly Row[] =>
  [...rows].sort((a, b) => {
    for (const field of keyFields) {
      const order = compareFields(a[field], b[field]);
      if (order !== 0) return order;
    }
    return 0;
  });

/** Key fields are numbers or texts; numbers come first. */
const compareFields = (a: unknown, b: unknown): number => {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  return (a as string) < (b as string) ? -1 : a === b ? 0 : 1;
};
