import type { StateStores } from '../commit/blob-store.ts';
import type { Collected } from '../commit/collect-log.ts';
import type { CommitKind } from '../commit/commit.ts';
import type { Rejection } from '../commit/outbox.ts';
import type { SinkWriter } from '../connectors/sink-port.ts';
import type { StreamPort } from '../connectors/stream-port.ts';
import type { Clock } from '../core/clock.ts';
import type { Random } from '../core/random.ts';

/** Everything outside the process that a stage works with. */
export interface RuntimePorts extends StateStores {
  readonly streams: StreamPort;
  /** Writers by sink id. */
  readonly sinks: ReadonlyMap<string, SinkWriter>;
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: RuntimeObserver;
}

/** The points of one invocation between which a container can die. In the order in which they are passed. */
export const protocolSteps = [
  'created',
  'loaded',
  'drained',
  'probed',
  'try-counted',
  'computed',
  'relayed',
  'payload-stored',
  'committed',
  'published',
  'snapshot-written',
  'snapshot-moved',
] as const;

export type ProtocolStep = (typeof protocolSteps)[number];

export interface CommitFacts {
  readonly unit: string;
  readonly n: number;
  readonly kind: CommitKind;
  readonly recordCount: number;
  readonly payloadBytes: number;
  readonly watermarkMs: number;
}

/** What waits in the state of a keyed stage on one shard. */
export interface Waiting {
  /** Runs of packets that wait for earlier ones. */
  readonly heldRuns: number;
  /** Keys that wait for a quarantined row or pane. */
  readonly parkedKeys: number;
  /** The rows behind them. */
  readonly parkedRows: number;
}

/** Told what happens, for logs, metrics and tests. All methods are optional; none may throw, but `step` in tests. */
export interface RuntimeObserver {
  committed?(facts: CommitFacts): void;
  /** Another container committed first; this one catches up and computes again. */
  lostRace?(unit: string, n: number): void;
  rejected?(unit: string, rejection: Rejection): void;
  loaded?(unit: string, tailCommits: number, snapshot: boolean): void;
  snapshot?(unit: string, n: number): void;
  /** Partitions of keyed state were read, since something needed them. */
  partitionsLoaded?(unit: string, count: number): void;
  /** Something of what a sealed log held was deleted, or all of it. */
  collected?(unit: string, step: Collected): void;
  republished?(unit: string, n: number): void;
  /** What waits in a keyed stage, after each invocation. */
  waiting?(unit: string, waiting: Waiting): void;
  /** Rows that were sent once, as the delivery mode asks, and were not taken or may not have been. */
  unsent?(unit: string, sink: string, rows: number): void;
  step?(step: ProtocolStep, unit: string): void | Promise<void>;
}
