import type * as z from 'zod';
import type { WatermarkStrategy } from '../time/watermark-strategy.ts';
import type { DeferredValue } from './http/header-values.ts';
import type { ObjectFormat } from './s3/object-parts.ts';

/** How producers packed the records: see the protocol's KPL rule for the difference between the last two. */
export type Aggregation = 'none' | 'kpl' | 'kinesis-aggregation';

/** Where a source's mapping begins. `LATEST` is not offered: it can miss records between two deployments. */
export type StartPosition = 'trim-horizon' | { readonly timestampMs: number };

/** A source as the plan and the runtime see it: no SDK, no connection. The public makers type it. */
export interface SourceSpec {
  readonly kind: 'kinesis';
  readonly stream: string;
  readonly schema: z.ZodType;
  readonly eventTimeMs: (value: unknown) => number;
  readonly watermarks: WatermarkStrategy;
  readonly aggregation: Aggregation;
  readonly start: StartPosition;
}

/** What a sink can be required to hold. */
export type SinkGuarantee = 'exactly-once' | 'at-least-once with ids';

interface SinkSpecBase {
  readonly schema: z.ZodType;
  readonly require: SinkGuarantee | undefined;
}

export interface DynamoSinkSpec extends SinkSpecBase {
  readonly kind: 'dynamo';
  readonly table: string;
  /** Field names: the partition key, then the sort key if there is one. */
  readonly key: readonly [string] | readonly [string, string];
  /**
   * The key field that always equals the stream's key. With it the keyed stage writes the rows itself; without it the plan
   * repartitions by row key first, so that one logical partition owns each row. Checked on every row.
   */
  readonly streamKey: string | undefined;
}

export interface KinesisSinkSpec extends SinkSpecBase {
  readonly kind: 'kinesis';
  readonly stream: string;
  readonly partitionKey: (value: unknown) => string;
  /** The field that carries the output id to those who read the stream; `undefined` leaves it out. Default `_id`. */
  readonly idField: string | undefined;
}

export interface SqsSinkSpec extends SinkSpecBase {
  readonly kind: 'sqs';
  readonly queue: string;
  readonly fifo: boolean;
  /** FIFO only. `undefined`: the logical partition, or in a stage without keys the shard. */
  readonly groupId: ((value: unknown) => string) | undefined;
  readonly maxMessageBytes: number;
}

export interface S3SinkSpec extends SinkSpecBase {
  readonly kind: 's3';
  readonly bucket: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
  readonly format: ObjectFormat;
}

export interface HttpSinkSpec extends SinkSpecBase {
  readonly kind: 'http';
  readonly url: string | DeferredValue;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | DeferredValue>>;
  readonly timeoutMs: number;
  readonly concurrency: number;
  readonly maxBodyBytes: number;
}

export type SinkSpec = DynamoSinkSpec | KinesisSinkSpec | SqsSinkSpec | S3SinkSpec | HttpSinkSpec;
