import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { isIdentitySchema } from '../../../lib/graph/crossings.ts';

const Tree = z.object({
  name: z.string().min(1),
  get children() {
    return z.array(Tree);
  },
});

describe('isIdentitySchema', () => {
  it.each(
    Object.entries({
      object: z.object({
        a: z.string().regex(/a/),
        b: z.int().min(0),
        c: z.boolean().nullable(),
        d: z.null().optional(),
      }),
      loose: z.looseObject({ a: z.uuid() }),
      union: z.discriminatedUnion('kind', [z.object({ kind: z.literal('a') }), z.object({ kind: z.literal('b') })]),
      tuple: z.tuple([z.enum(['a']), z.literal(1)], z.number()),
      record: z.record(z.string(), z.array(z.string())),
      intersection: z.intersection(z.object({ a: z.string() }), z.object({ b: z.string() })),
      refined: z.string().refine((text) => text !== ''),
      branded: z.string().brand('Id'),
      template: z.templateLiteral(['a', z.number()]),
      readonly: z.object({}).readonly(),
      recursive: Tree,
      json: z.json(),
    }),
  )('is true of a schema that only checks: %s', (_name, schema) => {
    expect(isIdentitySchema(schema)).toBe(true);
  });

  it.each(
    Object.entries({
      codec: z.codec(z.string(), z.number(), { decode: Number, encode: String }),
      pipe: z.string().pipe(z.string()),
      default: z.string().default(''),
      prefault: z.string().prefault(''),
      catch: z.string().catch(''),
      transform: z.string().transform(Number),
      trim: z.string().trim(),
      overwrite: z.number().overwrite((n) => n + 1),
      coerce: z.coerce.number(),
      date: z.date(),
      map: z.map(z.string(), z.string()),
      custom: z.custom<string>(),
    }),
  )('is false of a schema that changes values, however deep inside: %s', (_name, schema) => {
    expect(isIdentitySchema(schema)).toBe(false);
    expect(isIdentitySchema(z.object({ a: z.array(z.union([z.string(), z.object({ b: schema.optional() })])) }))).toBe(
      false,
    );
    expect(isIdentitySchema(z.record(z.string(), schema))).toBe(false);
  });
});
