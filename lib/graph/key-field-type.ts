import type * as z from 'zod';
import { definitionOf } from './schema-parts.ts';

/** What a schema says of a field that is to be part of a table's key. */
export type KeyFieldType =
  | { readonly is: 'string' | 'number' }
  /** The schema is not of an object: only rows will tell. */
  | { readonly is: 'unknown' }
  | { readonly is: 'absent' }
  | { readonly is: 'other'; readonly found: string };

const unknown: KeyFieldType = { is: 'unknown' };

/** The type of a field as it is stored: of a codec, its written side. */
export const keyFieldTypeOf = (schema: z.ZodType, field: string): KeyFieldType => {
  const def = definitionOf(schema);
  switch (def.type) {
    case 'object': {
      const member = def.shape[field];
      if (member !== undefined) return scalarTypeOf(member as z.ZodType);
      return def.catchall === undefined || definitionOf(def.catchall as z.ZodType).type === 'never'
        ? { is: 'absent' }
        : unknown;
    }
    case 'union':
      return common(def.options.map((option) => keyFieldTypeOf(option as z.ZodType, field)));
    case 'intersection': {
      const left = keyFieldTypeOf(def.left as z.ZodType, field);
      return left.is === 'absent' ? keyFieldTypeOf(def.right as z.ZodType, field) : left;
    }
    case 'pipe':
      return keyFieldTypeOf(def.in as z.ZodType, field);
    case 'readonly':
      return keyFieldTypeOf(def.innerType as z.ZodType, field);
    case 'lazy':
      return keyFieldTypeOf(def.getter() as z.ZodType, field);
    default:
      return unknown;
  }
};

const scalarTypeOf = (schema: z.ZodType): KeyFieldType => {
  const def = definitionOf(schema);
  switch (def.type) {
    case 'string':
    case 'template_literal':
      return { is: 'string' };
    case 'number':
      return { is: 'number' };
    case 'literal':
      return typesOf(def.values);
    case 'enum':
      return typesOf(Object.values(def.entries));
    case 'union':
      return common(def.options.map((option) => scalarTypeOf(option as z.ZodType)));
    case 'intersection':
      return scalarTypeOf(def.left as z.ZodType);
    case 'pipe':
      return scalarTypeOf(def.in as z.ZodType);
    case 'lazy':
      return scalarTypeOf(def.getter() as z.ZodType);
    case 'readonly':
    case 'nonoptional':
    case 'default':
    case 'prefault':
    case 'catch':
      return scalarTypeOf(def.innerType as z.ZodType);
    case 'any':
    case 'unknown':
      return unknown;
    default:
      return { is: 'other', found: def.type };
  }
};

const typesOf = (values: readonly unknown[]): KeyFieldType =>
  common(
    values.map((value) => {
      const type = typeof value;
      return type === 'string' || type === 'number' ? { is: type } : { is: 'other', found: `${value}` };
    }),
  );

/** All must agree: an attribute of a table's key has one type. */
const common = (types: readonly KeyFieldType[]): KeyFieldType => {
  const [first = unknown, ...others] = types;
  const odd = types.find((type) => type.is === 'absent' || type.is === 'other');
  if (odd !== undefined) return odd;
  const differing = others.find((type) => type.is !== first.is);
  if (differing === undefined) return first;
  return first.is === 'unknown' || differing.is === 'unknown' ? unknown : { is: 'other', found: 'string or number' };
};
