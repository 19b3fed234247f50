import type * as z from 'zod';
import { definitionOf, partsOf } from './schema-parts.ts';

/** Types whose decoding and encoding give back what they were given. */
const identityTypes: ReadonlySet<string> = new Set([
  'string',
  'number',
  'boolean',
  'null',
  'any',
  'unknown',
  'never',
  'literal',
  'enum',
  'template_literal',
  'object',
  'array',
  'tuple',
  'record',
  'union',
  'intersection',
  'optional',
  'nullable',
  'nonoptional',
  'readonly',
  'lazy',
]);

/**
 * Whether a schema changes nothing in a value that it has accepted before: no codec, pipe, transform, default,
 * catch, coercion or overwriting check (`trim`, `toLowerCase`) anywhere in it. The hot path skips encoding and decoding
 * through such a schema, for values that were checked already.
 *
 * @example isIdentitySchema(z.object({ id: z.string(), at: z.int() })) // true
 */
export const isIdentitySchema = (schema: z.ZodType): boolean => isIdentity(schema, new Set());

const isIdentity = (schema: z.ZodType, seen: Set<z.ZodType>): boolean => {
  // A schema inside itself is judged by its other parts.
  if (seen.has(schema)) return true;
  seen.add(schema);
  const def = definitionOf(schema);
  if (!identityTypes.has(def.type)) return false;
  if ('coerce' in def && def.coerce === true) return false;
  if (def.checks?.some((check) => check._zod.def.check === 'overwrite')) return false;
  return partsOf(schema).every((part) => isIdentity(part.schema, seen));
};
