/** As the graph's keys: what is stored does not know the graph. */
type Key = string | number | boolean;

/**
 * A row between stages: the edge's index in the receiving stage, event time, key and value. A combined row has a fifth
 * part: then the second is the start and the fifth the end of what it covers, and the value is a list of accumulators.
 */
export type StoredRow =
  | readonly [edge: number, eventTimeMs: number, key: Key, value: unknown]
  | readonly [edge: number, startMs: number, key: Key, accumulators: readonly unknown[], endMs: number];

/** A row on its way to the next stage. Its key and its value are JSON text already. */
export interface HopRow {
  /** The logical partition of the key. */
  readonly lp: number;
  readonly edge: number;
  readonly timeMs: number;
  readonly keyJson: string;
  readonly valueJson: string;
  /** Of a combined row. */
  readonly endMs: number | undefined;
}

/** The rows of one logical partition, as they are read. */
export interface PartitionRows {
  readonly lp: number;
  readonly rows: readonly StoredRow[];
}

/** A number that all rows have, or one for each. */
type NumberColumn = number | readonly number[];

/**
 * Rows as columns: a commit's and a packet's are of few edges and instants, and take a third of the text that they take
 * one by one.
 */
export type HopColumns = readonly [
  /** Each logical partition, ascending, and how many rows it has. */
  partitions: readonly number[],
  edges: NumberColumn,
  /** The first of the list is added to all others. */
  times: NumberColumn,
  /** How much later a combined row ends than it starts; 0 where none is combined, and `null` for the rows that are not. */
  spans: number | readonly (number | null)[],
  keys: readonly Key[],
  values: readonly unknown[],
];

/** As releases before columns wrote them. */
export type HopGroups = readonly (readonly [lp: number, rows: readonly StoredRow[]])[];

/** Where the rows of a hop are, in a body or a packet. */
export interface StoredHopRows {
  readonly r?: HopColumns;
  readonly d?: HopGroups;
}

/** Bytes that a row takes beside its key and its value, at the most. */
const ROW_BYTES = 60;

/** The bytes of a row in a packet before compression, or fewer. */
export const hopRowBytes = ({ keyJson, valueJson }: HopRow): number =>
  ROW_BYTES + utf8Length(keyJson) + utf8Length(valueJson);

/** For a few characters a loop is faster than a call out of JavaScript. */
const utf8Length = (text: string): number => {
  if (text.length > 64) return Buffer.byteLength(text);
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return Buffer.byteLength(text);
  return text.length;
};

const encoded = new WeakMap<readonly HopRow[], string>();

/** The columns as JSON text. @param rows ascending by lp. Mostly they are encoded twice: for the commit, and for the one packet that it sends. */
export const encodeHopRows = (rows: readonly HopRow[]): string => {
  let text = encoded.get(rows);
  if (text === undefined) {
    text = encodeColumns(rows);
    encoded.set(rows, text);
  }
  return text;
};

const encodeColumns = (rows: readonly HopRow[]): string => {
  const partitions: number[] = [];
  const edges: number[] = [];
  const times: number[] = [];
  const spans: (number | null)[] = [];
  let keys = '';
  let values = '';
  let lp = -1;
  for (const row of rows) {
    if (row.lp !== lp) {
      lp = row.lp;
      partitions.push(lp, 0);
    }
    (partitions[partitions.length - 1] as number)++;
    edges.push(row.edge);
    times.push(row.timeMs);
    spans.push(row.endMs === undefined ? null : row.endMs - row.timeMs);
    keys += keys === '' ? row.keyJson : `,${row.keyJson}`;
    values += values === '' ? row.valueJson : `,${row.valueJson}`;
  }
  const numbers = [partitions, common(edges), sinceLeast(times), common(spans) ?? 0];
  return `${JSON.stringify(numbers).slice(0, -1)},[${keys}],[${values}]]`;
};

/** What all of them are, or the list. */
const common = <T>(list: readonly T[]): T | readonly T[] => {
  const first = list[0] as T;
  for (const item of list) if (item !== first) return list;
  return list.length === 0 ? list : first;
};

/** The least instant and how much later each is, where that is exact. */
const sinceLeast = (times: readonly number[]): NumberColumn => {
  const shared = common(times);
  if (typeof shared === 'number') return shared;
  let least = Number.MAX_SAFE_INTEGER;
  let most = Number.MIN_SAFE_INTEGER;
  for (const time of times) {
    if (time < least) least = time;
    if (time > most) most = time;
  }
  const base = Number.isSafeInteger(most - least) ? least : 0;
  const column = [base];
  for (const time of times) column.push(time - base);
  return column;
};

/** @throws Error where a column is missing, or ends before the others */
export const decodeHopRows = ({ r, d }: StoredHopRows): PartitionRows[] => {
  if (r === undefined) return (d as HopGroups).map(([lp, rows]) => ({ lp, rows }));
  const [partitions, edges, times, spans, keys, values] = r;
  const groups: PartitionRows[] = [];
  let at = 0;
  for (let i = 0; i < partitions.length; i += 2) {
    const rows: StoredRow[] = [];
    for (const end = at + (partitions[i + 1] as number); at < end; at++) {
      const edge = typeof edges === 'number' ? edges : (edges[at] as number);
      const timeMs = typeof times === 'number' ? times : (times[0] as number) + (times[at + 1] as number);
      const span = typeof spans === 'number' ? spans : (spans[at] ?? 0);
      const key = keys[at] as Key;
      rows.push(
        span === 0
          ? [edge, timeMs, key, values[at]]
          : [edge, timeMs, key, values[at] as readonly unknown[], timeMs + span],
      );
    }
    groups.push({ lp: partitions[i] as number, rows });
  }
  if (at !== keys.length || at !== values.length) throw new Error(`${at} rows have ${keys.length} keys`);
  return groups;
};

/** Rows that were read, to be sent on. */
export const toHopRows = (groups: readonly PartitionRows[]): HopRow[] =>
  groups.flatMap(({ lp, rows }) =>
    rows.map((row) => ({
      lp,
      edge: row[0],
      timeMs: row[1],
      keyJson: JSON.stringify(row[2]),
      valueJson: JSON.stringify(row[3]),
      endMs: row[4],
    })),
  );
