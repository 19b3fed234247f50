import { type Column, fromColumn, toColumn } from '../core/columns.ts';
import { countOne, forEachPartition, type PartitionCounts, totalOf } from './partition-counts.ts';

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

/**
 * Rows as columns: a commit's and a packet's are of few edges and instants, and take a third of the text that they take
 * one by one.
 */
export type HopColumns = readonly [
  /** Ascending. */
  partitions: PartitionCounts,
  edges: Column,
  times: Column,
  /** How much later a combined row ends than it starts; 0 for one that is not. */
  spans: Column,
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
  const spans: number[] = [];
  let keys = '';
  let values = '';
  for (const { lp, edge, timeMs, keyJson, valueJson, endMs } of rows) {
    countOne(partitions, lp);
    edges.push(edge);
    times.push(timeMs);
    spans.push(endMs === undefined ? 0 : endMs - timeMs);
    keys += keys === '' ? keyJson : `,${keyJson}`;
    values += values === '' ? valueJson : `,${valueJson}`;
  }
  const numbers = [partitions, toColumn(edges), toColumn(times), toColumn(spans)];
  return `${JSON.stringify(numbers).slice(0, -1)},[${keys}],[${values}]]`;
};

/** @throws Error where a column is missing, or is not as long as the others */
export const decodeHopRows = ({ r, d }: StoredHopRows): PartitionRows[] => {
  if (r === undefined) return (d as HopGroups).map(([lp, rows]) => ({ lp, rows }));
  const [partitions, ...columns] = r;
  const count = totalOf(partitions);
  const [edges, times, spans, keys, values] = columns.map((column) => fromColumn(column, count)) as [
    number[],
    number[],
    number[],
    Key[],
    unknown[],
  ];
  const rows = edges.map((edge, i): StoredRow => {
    const [timeMs, span, key, value] = [times[i] as number, spans[i] as number, keys[i] as Key, values[i]];
    return span === 0 ? [edge, timeMs, key, value] : [edge, timeMs, key, value as readonly unknown[], timeMs + span];
  });
  const groups: PartitionRows[] = [];
  forEachPartition(partitions, (lp, from, to) => {
    groups.push({ lp, rows: rows.slice(from, to) });
  });
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
