import type { CommitBody, MarkChange, MarkStatus } from './commit.ts';
import { decodeChanges, encodeChanges, type StoredChanges } from './entry-columns.ts';
import { decodeHopRows, encodeHopRows, type StoredHopRows, toHopRows } from './hop-rows.ts';
import type { ChildUnit, HopOutput, Outbox, Rejection, SinkRow } from './outbox.ts';

/**
 * A commit's body as JSON text; the layout is `docs/state-format.md`'s. Keys and values of rows for the next stage are JSON
 * already and are joined, not encoded again.
 */
export const encodeBody = (body: CommitBody): string =>
  `{"e":${encodeChanges(body.changes)},"m":${JSON.stringify(body.marks.map(encodeMark))},"x":${body.excluded ? 1 : 0},` +
  `"r":[${body.rejections.records},${body.rejections.rejected}],"o":${encodeOutbox(body.outbox)}}`;

export const decodeBody = (text: string): CommitBody => {
  const stored = JSON.parse(text) as StoredBody;
  return {
    changes: decodeChanges(stored),
    marks: stored.m.map(decodeMark),
    excluded: stored.x === 1,
    rejections: { records: stored.r[0], rejected: stored.r[1] },
    outbox: decodeOutbox(stored.o),
  };
};

interface StoredBody extends StoredChanges {
  readonly m: StoredMark[];
  readonly x: 0 | 1;
  readonly r: [records: number, rejected: number];
  readonly o: StoredOutbox;
}

/** The status is left out where it is 0, active. */
export type StoredMark = [
  producer: string,
  from: number,
  to: number,
  n: number,
  watermarkMs: number,
  excluded: 0 | 1,
  status?: number,
];

const statuses: readonly MarkStatus[] = ['active', 'sealed', 'unborn'];

export const encodeMark = ({ producer, from, to, n, watermarkMs, excluded, status }: MarkChange): StoredMark =>
  status === 'active'
    ? [producer, from, to, n, watermarkMs, excluded ? 1 : 0]
    : [producer, from, to, n, watermarkMs, excluded ? 1 : 0, statuses.indexOf(status)];

export const decodeMark = ([producer, from, to, n, watermarkMs, excluded, status = 0]: StoredMark): MarkChange => ({
  producer,
  from,
  to,
  n,
  watermarkMs,
  excluded: excluded === 1,
  status: statuses[status] as MarkStatus,
});

export type StoredChild = [unit: string, parents: readonly string[]];

export const encodeChildren = (children: readonly ChildUnit[]): StoredChild[] =>
  children.map(({ unit, parents }) => [unit, parents]);

export const decodeChildren = (stored: readonly StoredChild[] = []): ChildUnit[] =>
  stored.map(([unit, parents]) => ({ unit, parents }));

type StoredSinkRow = [lp: number, n: number, index: number, eventTimeMs: number, value: unknown, partitionKey?: string];

interface StoredHop extends StoredHopRows {
  readonly s: string;
  readonly w: number;
  readonly x: 0 | 1;
  readonly c: [from: number, to: number, prev: number][];
}

interface StoredOutbox {
  readonly h: StoredHop[];
  readonly s: [sink: string, rows: StoredSinkRow[]][];
  readonly q: Rejection[];
  /** Only a `seal` has them. */
  readonly l?: StoredChild[];
}

const encodeOutbox = (outbox: Outbox): string =>
  `{"h":[${outbox.hops.map(encodeHop).join(',')}],"s":${JSON.stringify(outbox.sinks.map((sink) => [sink.sink, sink.rows.map(encodeSinkRow)]))},` +
  `"q":${JSON.stringify(outbox.rejections)}` +
  `${outbox.children.length === 0 ? '' : `,"l":${JSON.stringify(encodeChildren(outbox.children))}`}}`;

const decodeSinkRow = ([lp, n, index, eventTimeMs, value, partitionKey]: StoredSinkRow): SinkRow => ({
  lp,
  n,
  index,
  eventTimeMs,
  value,
  partitionKey,
});

const encodeHop = (hop: HopOutput): string =>
  `{"s":${JSON.stringify(hop.stage)},"w":${hop.watermarkMs},"x":${hop.excluded ? 1 : 0},` +
  `"c":${JSON.stringify(hop.covers.map((run) => [run.from, run.to, run.prev]))},"r":${encodeHopRows(hop.rows)}}`;

const encodeSinkRow = ({ lp, n, index, eventTimeMs, value, partitionKey }: SinkRow): StoredSinkRow =>
  partitionKey === undefined ? [lp, n, index, eventTimeMs, value] : [lp, n, index, eventTimeMs, value, partitionKey];

const decodeOutbox = (stored: StoredOutbox): Outbox => ({
  hops: stored.h.map((hop) => ({
    stage: hop.s,
    watermarkMs: hop.w,
    excluded: hop.x === 1,
    covers: hop.c.map(([from, to, prev]) => ({ from, to, prev })),
    rows: toHopRows(decodeHopRows(hop)),
  })),
  sinks: stored.s.map(([sink, rows]) => ({
    sink,
    rows: rows.map(decodeSinkRow),
  })),
  rejections: stored.q,
  children: decodeChildren(stored.l),
});
