/**
 * A list of JSON values by what they have in common, so that their text is short and quickly made and read. Instants and keys
 * beside each other compress better, too.
 */
export type Column =
  /** The values as they are. */
  | readonly unknown[]
  /** All of them are this. */
  | { readonly same: unknown }
  /** Whole numbers, each so much more than the base. */
  | { readonly base: number; readonly more: readonly number[] }
  | Places;

/** Arrays of one length, place by place. */
interface Places {
  readonly places: readonly Column[];
}

/** Arrays that are longer are lists rather than records. */
const MOST_PLACES = 8;
/** Numbers that are shorter stay as they are. */
const LARGE_NUMBER = 1_000_000;

export const toColumn = (values: readonly unknown[]): Column => {
  const [first] = values;
  if (Array.isArray(first)) {
    const isRecord =
      first.length > 0 &&
      first.length <= MOST_PLACES &&
      values.every((value) => Array.isArray(value) && value.length === first.length);
    if (!isRecord) return values;
    return { places: first.map((_, place) => toColumn(values.map((value) => (value as unknown[])[place]))) };
  }
  if (typeof first !== 'object' && values.length > 1 && values.every((value) => value === first))
    return { same: first };
  return typeof first === 'number' && Math.abs(first) >= LARGE_NUMBER ? toOffsets(values) : values;
};

const toOffsets = (values: readonly unknown[]): Column => {
  let base = Number.MAX_SAFE_INTEGER;
  let most = Number.MIN_SAFE_INTEGER;
  for (const value of values) {
    if (!Number.isSafeInteger(value)) return values;
    if ((value as number) < base) base = value as number;
    if ((value as number) > most) most = value as number;
  }
  if (!Number.isSafeInteger(most - base)) return values;
  return { base, more: values.map((value) => (value as number) - base) };
};

/** @throws Error where the column is not of so many values */
export const fromColumn = (column: Column, count: number): readonly unknown[] => {
  const read = readerOf(column, count);
  if ('length' in column) return column;
  const values = new Array<unknown>(count);
  for (let row = 0; row < count; row++) values[row] = read(row);
  return values;
};

/**
 * Reads values of a column one by one, without making those of others.
 * @throws Error where the column is not of so many values
 */
export const readerOf = (column: Column, count: number): ((row: number) => unknown) => {
  if ('same' in column) return () => column.same;
  if ('places' in column) {
    const places = column.places.map((place) => readerOf(place, count));
    return (row) => places.map((read) => read(row));
  }
  const values = 'base' in column ? column.more : column;
  if (values.length !== count) throw new Error(`a column has ${values.length} values of ${count}`);
  return 'base' in column ? (row) => column.base + (column.more[row] as number) : (row) => values[row];
};

/** Rows of a column that has so many. */
export interface ColumnPart {
  readonly column: Column;
  readonly count: number;
  readonly rows: readonly number[];
}

/** What parts of columns have, one after the other, as one column. Their values are not put together for it where all are places. */
export const pickColumns = (parts: readonly ColumnPart[]): Column => {
  const places = parts.map(({ column }) => ('places' in column ? column.places.length : -1));
  const [most = -1] = places;
  if (most !== -1 && places.every((count) => count === most)) {
    return {
      places: Array.from({ length: most }, (_, place) =>
        pickColumns(parts.map((part) => ({ ...part, column: (part.column as Places).places[place] as Column }))),
      ),
    };
  }
  const values: unknown[] = [];
  for (const { column, count, rows } of parts) {
    const read = readerOf(column, count);
    for (const row of rows) values.push(read(row));
  }
  return toColumn(values);
};
