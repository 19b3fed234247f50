import type * as z from 'zod';
import type { WatermarkStrategy } from '../time/watermark-strategy.ts';

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

export type SinkGuarantee = 'exactly-once' | 'at-least-once with ids';

export interface DynamoSinkSpec {
  readonly kind: 'dynamo';
  readonly table: string;
  readonly schema: z.ZodType;
  /** Field names: the partition key, then the sort key if there is one. */
  readonly key: readonly [string] | readonly [string, string];
  /**
   * The key field that always equals the stream's key. With it the keyed stage writes the rows itself; without it the plan
   * repartitions by row key first, so that one logical partition owns each row. Checked on every row.
   */
  readonly streamKey: string | undefined;
  readonly require: SinkGuarantee | undefined;
}

export interface KinesisSinkSpec {
  readonly kind: 'kinesis';
  readonly stream: string;
  readonly schema: z.ZodType;
  readonly partitionKey: (value: unknown) => string;
  /** The field that carries the output id to those who read the stream; `undefined` leaves it out. Default `_id`. */
  readonly idField: string | undefined;
  readonly require: SinkGuarantee | undefined;
}

export type SinkSpec = DynamoSinkSpec | KinesisSinkSpec;
