/** The port to Kinesis streams: what sources, probes, ticks and the hops between stages need of them. */

/** A record's bytes. */
export interface RecordData {
  readonly data: Uint8Array;
  /** The same in base64, where they came so: then `data` is made when it is asked for. */
  readonly base64?: string;
}

export interface StreamRecord extends RecordData {
  /** A decimal number of up to 57 digits; compare with `compareSequenceNumbers`, never as text, never across shards. */
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  /** When the stream took the record: epoch milliseconds. */
  readonly arrivalMs: number;
}

export interface Shard {
  readonly shardId: string;
  readonly parentShardIds: readonly string[];
  /** Inclusive. 0 … 2^128 − 1. */
  readonly hashStart: bigint;
  /** Inclusive. */
  readonly hashEnd: bigint;
  /** A closed shard (split or merged) takes no more records, but may still hold some. */
  readonly open: boolean;
}

export interface StreamDescription {
  readonly name: string;
  /** Part of every log unit's name: a stream deleted and made again is another stream. */
  readonly createdMs: number;
  readonly retentionMs: number;
}

export type ReadStart =
  | { readonly at: 'trim-horizon' }
  | { readonly at: 'latest' }
  | { readonly at: 'timestamp'; readonly timestampMs: number }
  | { readonly at: 'after'; readonly sequenceNumber: string };

export interface ReadPage {
  readonly records: readonly StreamRecord[];
  /** 0 when the reader has reached the tip. A page may be empty without having reached it. */
  readonly behindLatestMs: number;
  /** True when the shard is closed and everything in it was read: there is no next page. */
  readonly ended: boolean;
}

export interface ShardReader {
  /** The next page, at most `limit` records (1 … 10,000). An expired iterator is renewed inside. */
  next(limit: number): Promise<ReadPage>;
}

export interface PutEntry {
  readonly data: Uint8Array;
  readonly partitionKey: string;
  /** Decimal; overrides the partition key's hash. */
  readonly explicitHashKey?: string;
}

export type PutOutcome =
  | { readonly ok: true; readonly shardId: string; readonly sequenceNumber: string }
  /** Not taken, as far as the stream says: `code` as Kinesis names it (ProvisionedThroughputExceededException, …). */
  | { readonly ok: false; readonly code: string };

/**
 * Throws `STREAM_NOT_FOUND` and `ACCESS_DENIED` (configuration) and `STREAM_UNAVAILABLE` (retryable; a put may have
 * happened all the same, which the readers' marks absorb).
 */
export interface StreamPort {
  describe(stream: string): Promise<StreamDescription>;
  /** All shards that still hold records, closed ones too, in the order of their ids. */
  listShards(stream: string): Promise<readonly Shard[]>;
  openReader(stream: string, shardId: string, start: ReadStart): Promise<ShardReader>;
  /**
   * One outcome for each entry, in order; parts may fail. Any number of entries: cut into requests inside (500 records, 10 MiB).
   * A record's data and partition key together hold at most 1 MiB.
   */
  putRecords(stream: string, entries: readonly PutEntry[]): Promise<readonly PutOutcome[]>;
}
