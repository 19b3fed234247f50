import * as z from 'zod';
import { checkOptions, functionOption, invalidOption, schemaOption } from '../core/check-options.ts';
import type { WatermarkStrategy } from '../time/watermark-strategy.ts';
import { resourceName } from './resource-name.ts';
import type { Source } from './source.ts';
import type { Aggregation, SourceSpec, StartPosition } from './specs.ts';

/** Options of {@link kinesisSource}. */
export interface KinesisSourceOptions<S extends z.ZodType> {
  /** The stream's logical name; the deployment says which stream it is. */
  readonly stream: string;
  /** Reads each record's JSON. What it refuses is quarantined. */
  readonly schema: S;
  /** When the record happened: whole epoch milliseconds. A record without is quarantined. */
  readonly eventTimeMs: (value: z.output<S>) => number;
  /** How the source tells how far event time has come: {@link boundedOutOfOrderness}. */
  readonly watermarks: WatermarkStrategy;
  /**
   * How producers packed the records. `kpl`: by the Kinesis Producer Library, whose records outside the shard's hash
   * range are sent again after a split, so they are dropped here. `kinesis-aggregation`: by the library of that name,
   * which does not send again, so all are kept. Default `none`: one record, one JSON text.
   */
  readonly aggregation?: Aggregation;
  /** Where a new deployment begins to read. Default `trim-horizon`: the oldest record there is. */
  readonly start?: StartPosition;
}

const optionsShape = z.strictObject({
  stream: resourceName,
  schema: schemaOption,
  eventTimeMs: functionOption,
  watermarks: z.custom<WatermarkStrategy>(
    (value) => (value as WatermarkStrategy | null)?.kind === 'bounded-out-of-orderness',
    { error: 'expected boundedOutOfOrderness(…)' },
  ),
  aggregation: z
    .enum(['none', 'kpl', 'kinesis-aggregation'], { error: "expected 'none', 'kpl' or 'kinesis-aggregation'" })
    .optional(),
  start: z
    .union([z.literal('trim-horizon'), z.strictObject({ timestampMs: z.int() })], {
      error: "expected 'trim-horizon' or { timestampMs }",
    })
    .optional(),
});

/**
 * Reads JSON records from a Kinesis stream.
 *
 * @throws `INVALID_OPTION` for options that are missing, wrong or unknown
 *
 * @example
 * p.source('orders', kinesisSource({
 *   stream: 'orders',
 *   schema: z.object({ id: z.string(), amountCents: z.int(), at: z.int() }),
 *   eventTimeMs: (order) => order.at,
 *   watermarks: boundedOutOfOrderness(seconds(5)),
 * }))
 */
export const kinesisSource = <S extends z.ZodType>(options: KinesisSourceOptions<S>): Source<z.output<S>> => {
  if ((options as { start?: unknown } | undefined)?.start === 'latest') {
    throw invalidOption(
      'kinesisSource',
      "option 'start' is 'latest', which can miss records between two deployments",
      "Use 'trim-horizon' or { timestampMs: … }.",
      { option: 'start' },
    );
  }
  const checked = checkOptions('kinesisSource', optionsShape, options);
  return {
    spec: {
      kind: 'kinesis',
      stream: checked.stream,
      schema: checked.schema,
      // The runtime calls it with what the schema has read.
      eventTimeMs: checked.eventTimeMs as SourceSpec['eventTimeMs'],
      watermarks: checked.watermarks,
      aggregation: checked.aggregation ?? 'none',
      start: checked.start ?? 'trim-horizon',
    },
  };
};
