import * as z from 'zod';
// Not as z.core.toDotPath: whoever names `core` gets all of it into the bundle, messages in sixty languages included.
import { toDotPath } from 'zod/v4/core';
import { copyPlainJson, plainJsonProblem } from '../core/plain-json.ts';
import { isIdentitySchema } from '../graph/crossings.ts';
import type { Crossing } from '../graph/logical-graph.ts';
import { RejectionError, userCodeError } from './rejection-error.ts';
import { compileSchemaCheck } from './schema-check.ts';

/** How values of one stream become JSON text for a repartition or a sink, and come back. */
export interface CrossingCodec {
  /** @throws RejectionError where the value cannot be written without loss */
  encode(value: unknown): unknown;
  /** @throws RejectionError where the schema does not read what it wrote */
  decode(stored: unknown): unknown;
}

const asIs = (value: unknown): unknown => value;

/**
 * @param operator named by rejections
 * @param trusted the values were checked by this very schema and not touched since, so an identity schema need not look again
 */
export const crossingCodec = (operator: string, crossing: Crossing, trusted: boolean): CrossingCodec => {
  if (crossing === undefined) return { encode: (value) => requirePlainJson(operator, value), decode: asIs };
  const identity = isIdentitySchema(crossing);
  return {
    encode: identity && trusted ? asIs : schemaEncoder(operator, 'SCHEMA', crossing),
    decode: identity ? asIs : (stored) => decodeBySchema(operator, crossing, stored),
  };
};

/**
 * Reads a value by a schema. What a refinement or a codec in it throws is the user's.
 * @throws RejectionError
 */
export const decodeBySchema = (operator: string, schema: z.ZodType, stored: unknown): unknown => {
  let decoded: z.ZodSafeParseResult<unknown>;
  try {
    decoded = z.safeParse(schema, stored);
  } catch (thrown) {
    throw userCodeError(operator, thrown);
  }
  if (!decoded.success) throw schemaRejection('SCHEMA', operator, decoded.error);
  return decoded.data;
};

/**
 * Checks and encodes values by a schema: what a sink or a repartition may carry. Where zod would surely do nothing but copy one, it is
 * not asked. A copy it has to be: whoever made the value may change it.
 */
export const schemaEncoder = (operator: string, code: SchemaCode, schema: z.ZodType): ((value: unknown) => unknown) => {
  const isSurelyValid = compileSchemaCheck(schema);
  return (value) =>
    (isSurelyValid?.(value) ? copyPlainJson(value) : undefined) ?? encodeBySchema(operator, code, schema, value);
};

type SchemaCode = 'SCHEMA' | 'SINK_SCHEMA';

const encodeBySchema = (operator: string, code: SchemaCode, schema: z.ZodType, value: unknown): unknown => {
  let encoded: z.ZodSafeParseResult<unknown>;
  try {
    encoded = z.safeEncode(schema, value as never);
  } catch (thrown) {
    throw userCodeError(operator, thrown, code);
  }
  if (!encoded.success) throw schemaRejection(code, operator, encoded.error);
  return requirePlainJson(operator, encoded.data);
};

/** The first issue of a schema's verdict, with its path. */
const schemaRejection = (code: SchemaCode, operator: string, error: z.ZodError): RejectionError => {
  const issue = error.issues[0];
  const more = error.issues.length > 1 ? ` (and ${error.issues.length - 1} more)` : '';
  return new RejectionError(
    code,
    operator,
    `${issue?.message ?? 'does not fit the schema'}${more}`,
    toDotPath(issue?.path ?? []),
  );
};

/** @throws RejectionError `NOT_PLAIN_JSON` where JSON would change the value */
export const requirePlainJson = (operator: string, value: unknown): unknown => {
  const problem = plainJsonProblem(value);
  if (problem === undefined) return value;
  throw new RejectionError(
    'NOT_PLAIN_JSON',
    operator,
    `${problem.found} does not survive JSON: give the map a { schema } with a codec, or return plain JSON`,
    problem.path,
  );
};
