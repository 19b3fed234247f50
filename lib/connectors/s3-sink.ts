import * as z from 'zod';
import { checkOptions, schemaOption } from '../core/check-options.ts';
import { requireOption } from './require-option.ts';
import type { ObjectFormat } from './s3/object-parts.ts';
import type { Sink } from './sink.ts';
import type { SinkGuarantee } from './specs.ts';

/** Options of {@link s3Sink}. */
export interface S3SinkOptions<S extends z.ZodType> {
  /** The bucket's logical name; the deployment says which bucket it is. */
  readonly bucket: string;
  /** Writes each row as a line of JSON; it must be able to encode. What it refuses is quarantined. */
  readonly schema: S;
  /** Put before the names of the objects, as a folder. Default: none. */
  readonly prefix?: string;
  /** Default `jsonl.gz`. */
  readonly format?: ObjectFormat;
  /** Refuse the pipeline unless the sink holds this. A bucket holds both, unless the pipeline's `delivery` asks for less. */
  readonly require?: SinkGuarantee;
}

const optionsShape = z.strictObject({
  bucket: z
    .string({ error: 'expected a name' })
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, { error: 'expected 3 to 63 lower-case letters, digits, "." and "-"' }),
  schema: schemaOption,
  prefix: z
    .string({ error: 'expected a text' })
    .regex(/^(?!\/)[a-zA-Z0-9!_.*'()=/-]{0,200}$/, {
      error: "expected at most 200 letters, digits and !_.*'()=/-, not beginning with a slash",
    })
    .default(''),
  format: z.enum(['jsonl.gz', 'jsonl'], { error: "expected 'jsonl.gz' or 'jsonl'" }).default('jsonl.gz'),
  require: requireOption,
});

/**
 * Writes the rows of each commit as an object of JSON lines that never changes. What is there is committed, and each row is
 * in one object: readers have nothing to leave out. `docs/sinks.md` has the names and the order in which they appear.
 *
 * @throws `INVALID_OPTION` for options that are missing, wrong or unknown
 *
 * @example
 * rows.sink('archive', s3Sink({ bucket: 'archive', prefix: 'revenue', schema: Revenue }))
 */
export const s3Sink = <S extends z.ZodType>(options: S3SinkOptions<S>): Sink<z.output<S>> => {
  const { bucket, schema, prefix, format, require } = checkOptions('s3Sink', optionsShape, options);
  const folder = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
  return { spec: { kind: 's3', bucket, schema, prefix: folder, format, require } };
};
