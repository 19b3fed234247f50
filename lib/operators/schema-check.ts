import type * as z from 'zod';
import { definitionOf } from '../graph/schema-parts.ts';
import {
  ANYTHING,
  ARRAY,
  BOOLEAN,
  BY_ZOD,
  check,
  INTEGER,
  NUMBER,
  OBJECT,
  ONE_OF,
  Part,
  STRING,
  UNION,
  YES,
} from './schema-part-check.ts';

/**
 * Whether a schema would surely accept a value and give back an equal one, with its properties in the same order. What
 * is false here may still be valid: the schema has to say.
 */
export type SchemaCheck = (value: unknown) => boolean;

/**
 * A quick look before zod: no copy, and no object for each field. It knows the schemas that change nothing and are
 * common in events; for any other there is none. Zod goes on deciding what is wrong, and says how.
 *
 * The value is what `JSON.parse` returned, or made of such values: of others a copy by zod may differ.
 */
export const compileSchemaCheck = (schema: z.ZodType): SchemaCheck | undefined => {
  const part = compilePart(schema, new Set());
  return part && ((value) => check(part, value) === YES);
};

type Definition = ReturnType<typeof definitionOf>;
type CheckDefinition = z.core.$ZodChecks['_zod']['def'] | z.core.$ZodStringFormatChecks['_zod']['def'];

/** @param around the schemas that this one is inside of */
const compilePart = (schema: z.ZodType, around: ReadonlySet<z.ZodType>): Part | undefined => {
  const def = definitionOf(schema);
  if (around.has(schema) || ('coerce' in def && def.coerce === true)) return undefined;
  // A schema made as a check (`z.int()`, `z.email()`) is the first of its own.
  const checks = [...('check' in def ? [def] : []), ...(def.checks ?? []).map((each) => each._zod.def)];
  if (checks.length === 0) return compileUnchecked(schema, def, new Set([...around, schema]));
  if ((def.type !== 'string' && def.type !== 'number') || !checks.every(isScalarCheck)) return undefined;
  return (
    (def.type === 'number' ? compileNumber(checks as CheckDefinition[]) : undefined) ??
    changed(new Part(BY_ZOD), { schema })
  );
};

/** Looks at a text or a number and nothing else, and is not the user's own. */
const isScalarCheck = (check: object): boolean => 'check' in check && scalarChecks.has(check.check) && !('fn' in check);

const scalarChecks: ReadonlySet<unknown> = new Set([
  'min_length',
  'max_length',
  'length_equals',
  'string_format',
  'number_format',
  'multiple_of',
  'greater_than',
  'less_than',
]);

/** Nothing for other checks than of bounds and safe integers. */
const compileNumber = (checks: readonly CheckDefinition[]): Part | undefined => {
  const part = new Part(NUMBER);
  for (const each of checks) {
    if (each.when !== undefined) return undefined;
    if (each.check === 'number_format' && each.format === 'safeint') {
      if (checks.length === 1) return new Part(INTEGER);
      part.isInteger = true;
      part.least = Math.max(part.least, Number.MIN_SAFE_INTEGER);
      part.most = Math.min(part.most, Number.MAX_SAFE_INTEGER);
    } else if (each.check === 'greater_than' && typeof each.value === 'number') {
      if (each.inclusive) part.least = Math.max(part.least, each.value);
      else part.above = Math.max(part.above, each.value);
    } else if (each.check === 'less_than' && typeof each.value === 'number') {
      if (each.inclusive) part.most = Math.min(part.most, each.value);
      else part.below = Math.min(part.below, each.value);
    } else return undefined;
  }
  return part;
};

const compileUnchecked = (schema: z.ZodType, def: Definition, inside: ReadonlySet<z.ZodType>): Part | undefined => {
  const partOf = (inner: z.core.$ZodType) => compilePart(inner as z.ZodType, inside);
  switch (def.type) {
    case 'string':
      return new Part(STRING);
    case 'number':
      return new Part(NUMBER);
    case 'boolean':
      return new Part(BOOLEAN);
    case 'null':
      return oneOf([null]);
    case 'literal':
      return oneOf(def.values);
    case 'enum':
      return oneOf((schema as unknown as z.core.$ZodEnum)._zod.values);
    case 'any':
    case 'unknown':
      return new Part(ANYTHING);
    case 'nullable':
      return changed(partOf(def.innerType), { isNullable: true });
    case 'array':
      return composed(ARRAY, [partOf(def.element)]);
    case 'union':
      // An exclusive one has to see all of its options; by a discriminator it can only be one of them.
      return 'inclusive' in def && def.inclusive === false && !('discriminator' in def)
        ? undefined
        : composed(UNION, def.options.map(partOf));
    case 'object':
      return compileObject(def, partOf);
    default:
      return undefined;
  }
};

const oneOf = (values: Iterable<unknown>): Part | undefined => {
  const set = new Set(values);
  return set.has(undefined) ? undefined : changed(new Part(ONE_OF), { values: set });
};

const changed = (part: Part | undefined, change: Partial<Part>): Part | undefined =>
  part && Object.assign(part, change);

const composed = (code: number, parts: readonly (Part | undefined)[]): Part | undefined =>
  parts.every((part) => part !== undefined) ? changed(new Part(code), { parts }) : undefined;

const compileObject = (
  def: Extract<Definition, { type: 'object' }>,
  partOf: (inner: z.core.$ZodType) => Part | undefined,
): Part | undefined => {
  const names = Object.keys(def.shape);
  // These are in every object, though not its own.
  if (names.some((name) => name in Object.prototype) || Object.getOwnPropertySymbols(def.shape).length > 0)
    return undefined;
  const rest = def.catchall && definitionOf(def.catchall as z.ZodType);
  if (rest !== undefined && ((rest.type !== 'never' && rest.type !== 'unknown') || rest.checks?.length))
    return undefined;
  const parts = names.map((name) => {
    const field = def.shape[name] as z.ZodType;
    const inner = definitionOf(field);
    if (inner.type === 'optional')
      return inner.checks?.length ? undefined : changed(partOf(inner.innerType), { isOptional: true });
    // What may be absent in another way, zod decides.
    return (field as unknown as z.core.$ZodType)._zod.optin === undefined ? partOf(field) : undefined;
  });
  return changed(composed(OBJECT, parts), { names, isLoose: rest?.type === 'unknown' });
};
