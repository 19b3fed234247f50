import * as z from 'zod';

/** What is known of a value. A union needs all three: it takes the first option that accepts. */
type Verdict = typeof NO | typeof YES | typeof UNSURE;
const NO = 0;
export const YES = 1;
const UNSURE = 2;

// Codes and one shape for all parts, instead of a closure for each: V8 sees one call site with one kind of object.
export const STRING = 0;
/** A safe one, of any size. */
export const INTEGER = 1;
export const NUMBER = 2;
export const BOOLEAN = 3;
export const ONE_OF = 4;
export const OBJECT = 5;
export const ARRAY = 6;
export const UNION = 7;
export const ANYTHING = 8;
export const BY_ZOD = 9;

/** A schema, or one inside it, as far as a quick check knows it. */
export class Part {
  readonly code: number;
  isNullable = false;
  /** The property may be absent. */
  isOptional = false;
  /** Bounds of a number. Infinity is above none and below none. */
  above = Number.NEGATIVE_INFINITY;
  below = Number.POSITIVE_INFINITY;
  least = Number.NEGATIVE_INFINITY;
  most = Number.POSITIVE_INFINITY;
  isInteger = false;
  values: ReadonlySet<unknown> = new Set();
  /** An object's fields, in the order of the schema; an array's element; a union's options. */
  parts: readonly Part[] = [];
  names: readonly string[] = [];
  /** Properties that the object's schema does not name stay. */
  isLoose = false;
  schema: z.ZodType | undefined = undefined;

  constructor(code: number) {
    this.code = code;
  }
}

/** @param value what `JSON.parse` returned, or is inside of that */
export const check = (part: Part, value: unknown): Verdict => {
  if (value === null && part.isNullable) return YES;
  if (value === undefined) return UNSURE;
  switch (part.code) {
    case STRING:
      return typeof value === 'string' ? YES : NO;
    case INTEGER:
      return Number.isSafeInteger(value) ? YES : NO;
    case NUMBER:
      return checkNumber(part, value);
    case BOOLEAN:
      return typeof value === 'boolean' ? YES : NO;
    case ONE_OF:
      return part.values.has(value) ? YES : NO;
    case OBJECT:
      return checkObject(part, value);
    case ARRAY:
      return checkArray(part, value);
    case UNION:
      return checkUnion(part, value);
    case ANYTHING:
      return YES;
    default:
      return checkByZod(part.schema as z.ZodType, value);
  }
};

/** Some formats change the text: `z.url()` takes blanks off. */
const checkByZod = (schema: z.ZodType, value: unknown): Verdict => {
  try {
    const read = z.safeParse(schema, value);
    return read.success ? (Object.is(read.data, value) ? YES : UNSURE) : NO;
  } catch {
    // It will be thrown again where it is told from other errors.
    return UNSURE;
  }
};

/** NaN is above nothing. */
const checkNumber = (part: Part, value: unknown): Verdict =>
  typeof value === 'number' &&
  value > part.above &&
  value < part.below &&
  value >= part.least &&
  value <= part.most &&
  (!part.isInteger || Number.isInteger(value))
    ? YES
    : NO;

const checkObject = (part: Part, value: unknown): Verdict => {
  if (typeof value !== 'object' || value === null) return NO;
  if (Object.getPrototypeOf(value) !== Object.prototype) return UNSURE;
  const { names, parts } = part;
  const object = value as Record<string, unknown>;
  let next = 0;
  for (const name in object) {
    while (names[next] !== name) {
      if (next === names.length) {
        if (part.isLoose && name !== '__proto__' && !names.includes(name)) break;
        return lacksField(part, object);
      }
      if (!parts[next]!.isOptional) return lacksField(part, object);
      next++;
    }
    if (next === names.length) continue;
    const field = parts[next]!;
    const fieldValue = object[name];
    // Most fields are one of these two, and need no call.
    if (
      field.code === STRING
        ? typeof fieldValue !== 'string'
        : field.code !== INTEGER || !Number.isSafeInteger(fieldValue)
    ) {
      const verdict = check(field, fieldValue);
      if (verdict !== YES) return verdict;
    }
    next++;
  }
  for (; next < names.length; next++) if (!parts[next]!.isOptional) return NO;
  return YES;
};

/** Of an object with other properties than the schema's, or in another order: an option of a union that it cannot be. */
const lacksField = ({ names, parts }: Part, object: Record<string, unknown>): Verdict => {
  for (let i = 0; i < names.length; i++) {
    if (!parts[i]!.isOptional && !Object.hasOwn(object, names[i]!)) return NO;
  }
  return UNSURE;
};

const checkArray = ({ parts }: Part, value: unknown): Verdict => {
  if (!Array.isArray(value)) return NO;
  const element = parts[0]!;
  for (let i = 0; i < value.length; i++) {
    const verdict = check(element, value[i]);
    if (verdict !== YES) return verdict;
  }
  return YES;
};

const checkUnion = ({ parts }: Part, value: unknown): Verdict => {
  for (let i = 0; i < parts.length; i++) {
    const verdict = check(parts[i]!, value);
    if (verdict !== NO) return verdict;
  }
  return NO;
};
