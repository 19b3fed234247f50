import * as z from 'zod';
import { checkOptions, functionOption, schemaOption } from '../core/check-options.ts';
import { requireOption } from './require-option.ts';
import { resourceName } from './resource-name.ts';
import type { Sink } from './sink.ts';
import type { KinesisSinkSpec, SinkGuarantee } from './specs.ts';

/** Options of {@link kinesisSink}. */
export interface KinesisSinkOptions<S extends z.ZodType> {
  /** The stream's logical name; the deployment says which stream it is. */
  readonly stream: string;
  /** Writes each record as JSON; it must be able to encode. What it refuses is quarantined. */
  readonly schema: S;
  /** Which shard a record goes to; 1 to 256 characters. */
  readonly partitionKey: (value: z.output<S>) => string;
  /**
   * The field that carries the output's id, the same at every repetition, so that readers can drop repeats.
   * `undefined` leaves it out. Default `_id`.
   */
  readonly idField?: string | undefined;
  /** Refuse the pipeline unless the sink holds this: here `at-least-once with ids`, and only with an id field. */
  readonly require?: SinkGuarantee;
}

export const defaultIdField = '_id';

const optionsShape = z.strictObject({
  stream: resourceName,
  schema: schemaOption,
  partitionKey: functionOption,
  idField: z.string({ error: 'expected a field name' }).min(1, { error: 'expected a field name' }).optional(),
  require: requireOption,
});

/**
 * Writes JSON records to a Kinesis stream for others to read. It holds at-least-once: after a crash a record may be there
 * twice, both times with one id.
 *
 * @throws `INVALID_OPTION` for options that are missing, wrong or unknown
 *
 * @example
 * late.sink('late', kinesisSink({ stream: 'late-orders', schema: Order, partitionKey: (order) => order.province }))
 */
export const kinesisSink = <S extends z.ZodType>(options: KinesisSinkOptions<S>): Sink<z.output<S>> => {
  const checked = checkOptions('kinesisSink', optionsShape, options);
  return {
    spec: {
      kind: 'kinesis',
      stream: checked.stream,
      schema: checked.schema,
      // The runtime calls it with values of the schema.
      partitionKey: checked.partitionKey as KinesisSinkSpec['partitionKey'],
      // Given as undefined it means none; not given it means the default.
      idField: Object.hasOwn(options, 'idField') ? checked.idField : defaultIdField,
      require: checked.require,
    },
  };
};
