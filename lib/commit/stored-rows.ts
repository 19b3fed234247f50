import { type Column, readerOf } from '../core/columns.ts';
import { HASH_SEED, hashText } from '../core/text-hash.ts';
import { listBytes } from '../state/entry-size.ts';
import type { EntryRows } from '../state/stored-entries.ts';
import { hasherOf, LISTED, nameOf } from './entry-names.ts';

/**
 * Entries as columns hold them.
 * @param names where they are listed
 * @throws Error where the columns are not of so many values
 */
export const toRows = (naming: number, values: Column, names: readonly string[], count: number): EntryRows => {
  const valueAt = readerOf(values, count);
  const bytes = columnBytes(values);
  if (naming === LISTED) {
    const nameAt = (row: number) => names[row] as string;
    const hashAt = (row: number) => hashText(HASH_SEED, nameAt(row));
    return { count, bytes: bytes + listBytes(names), nameAt, hashAt, valueAt };
  }
  const keyAt = placeReader(values, 0, count);
  const startAt = placeReader(values, 1, count);
  const hashOf = hasherOf(naming);
  return {
    count,
    bytes,
    nameAt: (row) => nameOf(naming, keyAt(row), startAt(row)),
    hashAt: (row) => hashOf(keyAt(row), startAt(row)),
    valueAt,
  };
};

/** Reads what values, which are arrays, have at a place. */
const placeReader = (values: Column, place: number, count: number): ((row: number) => unknown) => {
  const column = 'places' in values ? values.places[place] : undefined;
  if (column !== undefined) return readerOf(column, count);
  const valueAt = readerOf(values, count);
  return (row) => (valueAt(row) as unknown[])[place];
};

const columnBytes = (column: Column): number => {
  if ('same' in column) return 0;
  if ('places' in column) return column.places.reduce((sum, place) => sum + columnBytes(place), 0);
  return listBytes('base' in column ? column.more : column);
};
