import type { RejectionCode } from '../errors/codes.ts';
import type { HopRow } from './hop-rows.ts';

/** Partitions `from … to` are covered by this commit; the commit that covered them before was `prev`. */
export interface CoveredRun {
  readonly from: number;
  readonly to: number;
  readonly prev: number;
}

/** What a commit sends to one repartition stream, whatever shards it has by the time it is published. */
export interface HopOutput {
  /** The receiving stage. */
  readonly stage: string;
  readonly watermarkMs: number;
  readonly excluded: boolean;
  /** Ascending and disjoint. All rows lie in them. */
  readonly covers: readonly CoveredRun[];
  /** Ascending by lp. */
  readonly rows: readonly HopRow[];
}

export interface SinkRow {
  readonly lp: number;
  readonly value: unknown;
  readonly eventTimeMs: number;
  /** Chosen when the row was computed: for sinks that are streams. */
  readonly partitionKey: string | undefined;
  /** The commit and index that first sent the row: later than its own commit only in no case, earlier in a `mark`. */
  readonly n: number;
  readonly index: number;
}

export interface SinkOutput {
  readonly sink: string;
  readonly rows: readonly SinkRow[];
}

/** A record, pane or timer that could not be processed, with everything needed to look at it and to send it again. */
export interface Rejection {
  readonly code: RejectionCode;
  readonly message: string;
  /** Where in the value, as `a.b[0]`; empty for the whole. */
  readonly path: string;
  /** The operator that rejected it. */
  readonly operator: string;
  readonly stage: string;
  readonly shardId: string;
  /** The stream record it came from; empty for panes and timers. */
  readonly sequenceNumber: string;
  /** Which user record of an aggregated one; 0 otherwise. */
  readonly subSequenceNumber: number;
  readonly arrivalMs: number;
  /** `record`: the bytes as they came, base64. `row`, `pane`: JSON text. `decision`: what an operator gave up, JSON text. */
  readonly payloadKind: 'record' | 'row' | 'pane' | 'decision';
  readonly payload: string;
  /** The logical partition, of rows and panes. */
  readonly lp?: number;
  /** The window of a pane. */
  readonly window?: string;
  /** The deployment whose layout a row or a pane has; missing in the first. */
  readonly epoch?: number;
  /** How often it was redriven and rejected again. */
  readonly redrives?: number;
}

/** A task that follows on sealed ones: after a split one of two children of a parent, after a merge the child of two. */
export interface ChildUnit {
  readonly unit: string;
  /** Unit names. */
  readonly parents: readonly string[];
}

/** Everything a commit makes visible, by whoever publishes it, as often as it takes. */
export interface Outbox {
  readonly hops: readonly HopOutput[];
  readonly sinks: readonly SinkOutput[];
  readonly rejections: readonly Rejection[];
  /** Who goes on where a `seal` ends; every packet of it says so. */
  readonly children: readonly ChildUnit[];
}

export const emptyOutbox: Outbox = { hops: [], sinks: [], rejections: [], children: [] };

export const isEmptyOutbox = (outbox: Outbox): boolean =>
  outbox.hops.length === 0 && outbox.sinks.length === 0 && outbox.rejections.length === 0;
