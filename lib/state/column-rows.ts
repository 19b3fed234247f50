import { type Column, pickColumns, readerOf, toColumn } from '../core/columns.ts';
import { HASH_SEED, hashText } from '../core/text-hash.ts';
import { hasherOf, LISTED, nameOf, namingOf } from './entry-names.ts';
import { listBytes } from './entry-size.ts';

/** Entries of one table as columns hold them, named alike. Names and values are made when they are asked for. */
export class ColumnRows {
  /** How their names are kept. */
  readonly naming: number;
  readonly values: Column;
  /** Where they are listed. */
  readonly names: readonly string[];
  readonly count: number;
  /** Memory that they take, about. */
  readonly bytes: number;
  readonly valueAt: (row: number) => unknown;
  readonly nameAt: (row: number) => string;
  /** Makes what says `hashText` of a row's name from `HASH_SEED` on; it remembers what is needed for many rows only. */
  readonly makeHasher: () => (row: number) => number;

  /** @throws Error where the column is not of so many values */
  constructor(naming: number, values: Column, names: readonly string[], count: number) {
    this.naming = naming;
    this.values = values;
    this.names = names;
    this.count = count;
    this.bytes = columnBytes(values) + listBytes(names);
    this.valueAt = readerOf(values, count);
    if (naming === LISTED) {
      this.nameAt = (row) => names[row] as string;
      this.makeHasher = () => (row) => hashText(HASH_SEED, names[row] as string);
    } else {
      const keyAt = placeReader(values, 0, count);
      const startAt = placeReader(values, 1, count);
      this.nameAt = (row) => nameOf(naming, keyAt(row), startAt(row));
      this.makeHasher = () => {
        const hashOf = hasherOf(naming);
        return (row) => hashOf(keyAt(row), startAt(row));
      };
    }
  }
}

/** Entries as columns, by how their names are kept. */
export const toRows = (entries: Iterable<readonly [name: string, value: unknown]>): ColumnRows[] => {
  const groups = new Map<number, { readonly names: string[]; readonly values: unknown[] }>();
  for (const [name, value] of entries) {
    const naming = namingOf(name, value);
    let group = groups.get(naming);
    if (group === undefined) {
      group = { names: [], values: [] };
      groups.set(naming, group);
    }
    group.values.push(value);
    if (naming === LISTED) group.names.push(name);
  }
  return [...groups].map(
    ([naming, { names, values }]) => new ColumnRows(naming, toColumn(values), names, values.length),
  );
};

/** Some of the rows of a list of them. */
export interface PickedRows {
  readonly from: ColumnRows;
  readonly rows: readonly number[];
}

/** The same entries in as few lists as there are ways to keep their names. */
export const joinRows = (picked: readonly PickedRows[]): ColumnRows[] =>
  [...Map.groupBy(picked, ({ from }) => from.naming)].flatMap(([naming, parts]) => {
    const count = parts.reduce((sum, { rows }) => sum + rows.length, 0);
    if (count === 0) return [];
    const [{ from: first }] = parts as [PickedRows];
    if (parts.length === 1 && count === first.count) return [first];
    const values = pickColumns(parts.map(({ from, rows }) => ({ column: from.values, count: from.count, rows })));
    const names = naming === LISTED ? parts.flatMap(({ from, rows }) => rows.map((row) => from.nameAt(row))) : [];
    return [new ColumnRows(naming, values, names, count)];
  });

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
