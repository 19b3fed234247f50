import * as z from 'zod';
import { checkOptions, invalidOption, schemaOption } from '../core/check-options.ts';
import { describeValue } from '../core/describe-value.ts';
import { requireOption } from './require-option.ts';
import { resourceName } from './resource-name.ts';
import type { Sink } from './sink.ts';
import type { SinkGuarantee } from './specs.ts';

/** The fields of a stored row that can be part of a table's key: strings and numbers. */
export type KeyField<Row> = {
  [F in keyof Row]-?: [Row[F]] extends [string] ? F : [Row[F]] extends [number] ? F : never;
}[keyof Row] &
  string;

/** Options of {@link dynamoSink}. */
export interface DynamoSinkOptions<S extends z.ZodType> {
  /** The table's logical name; the deployment says which table it is. */
  readonly table: string;
  /** Writes each row; it must be able to encode. What it refuses is quarantined. */
  readonly schema: S;
  /** The table's key: the partition key's field, then the sort key's if there is one. Strings or numbers, never optional. */
  readonly key: readonly [KeyField<z.input<S>>] | readonly [KeyField<z.input<S>>, KeyField<z.input<S>>];
  /**
   * The key field that always equals the stream's key. The keyed stage then writes the rows itself, without one more hop;
   * a row in which it differs is quarantined. Only for streams that come from one keyed stage.
   */
  readonly streamKey?: KeyField<z.input<S>>;
  /** Refuse the pipeline unless the sink holds this. A table holds both. */
  readonly require?: SinkGuarantee;
}

const optionsShape = z.strictObject({
  table: resourceName,
  schema: schemaOption,
  key: z.union([z.tuple([z.string().min(1)]), z.tuple([z.string().min(1), z.string().min(1)])], {
    error: "expected one or two field names, such as ['province', 'minute']",
  }),
  streamKey: z.string({ error: 'expected a field name' }).optional(),
  require: requireOption,
});

/**
 * Keeps rows in a DynamoDB table: each record replaces the row of its key. Writes are fenced by version, so after
 * crashes and repeats the table holds what exactly one run would have left.
 *
 * @throws `INVALID_OPTION` for options that are missing, wrong or unknown
 *
 * @example
 * rows.sink('table', dynamoSink({ table: 'revenue', schema: Revenue, key: ['province', 'minute'], streamKey: 'province' }))
 */
export const dynamoSink = <S extends z.ZodType>(options: DynamoSinkOptions<S>): Sink<z.output<S>> => {
  const { table, schema, key, streamKey, require } = checkOptions('dynamoSink', optionsShape, options);
  if (key.length === 2 && key[0] === key[1]) {
    throw invalidOption('dynamoSink', `option 'key' names the field '${key[0]}' twice`, 'Name it once.', {
      table,
      key,
    });
  }
  if (streamKey !== undefined && !(key as readonly string[]).includes(streamKey)) {
    throw invalidOption(
      'dynamoSink',
      `option 'streamKey' is ${describeValue(streamKey)}; allowed is one of the key's fields: ${key.join(', ')}`,
      "Put the field into 'key', or remove 'streamKey'.",
      { table, key, streamKey },
    );
  }
  return { spec: { kind: 'dynamo', table, schema, key, streamKey, require } };
};
