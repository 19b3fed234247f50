import type * as z from 'zod';

/** A schema inside another one. */
export interface SchemaPart {
  readonly schema: z.ZodType;
  /** What it adds to the path: `.at`, `[]`, `[0]`, or nothing where it stands for the same value. */
  readonly step: string;
}

/** The definition of a schema, told apart by its `type`. Zod publishes these for tools such as this one. */
export const definitionOf = (schema: z.ZodType): z.core.$ZodTypes['_zod']['def'] =>
  (schema as unknown as z.core.$ZodTypes)._zod.def;

const part = (schema: z.core.$ZodType, step = ''): SchemaPart => ({ schema: schema as z.ZodType, step });

/** The schemas directly inside a schema, in the order of its definition; none for a scalar. A codec has two: written, then read. */
export const partsOf = (schema: z.ZodType): readonly SchemaPart[] => {
  const def = definitionOf(schema);
  switch (def.type) {
    case 'object': {
      const fields = Object.entries(def.shape).map(([name, field]) => part(field, `.${name}`));
      return def.catchall === undefined ? fields : [...fields, part(def.catchall, '.*')];
    }
    case 'array':
      return [part(def.element, '[]')];
    case 'tuple': {
      const items = def.items.map((item, index) => part(item, `[${index}]`));
      return def.rest === null ? items : [...items, part(def.rest, '[]')];
    }
    case 'record':
      return [part(def.keyType, '.*'), part(def.valueType, '.*')];
    case 'union':
      return def.options.map((option) => part(option));
    case 'intersection':
      return [part(def.left), part(def.right)];
    case 'pipe':
      return [part(def.in), part(def.out)];
    case 'lazy':
      return [part(def.getter())];
    case 'optional':
    case 'nullable':
    case 'nonoptional':
    case 'readonly':
    case 'default':
    case 'prefault':
    case 'catch':
      return [part(def.innerType)];
    default:
      return [];
  }
};
