import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { compileSchemaCheck } from '../../../lib/operators/schema-check.ts';

/** Few names, so that what is generated apart often fits. One is a number's: those come first in every object. */
const name = fc.constantFrom('a', 'b', 'c', '1', '__proto__', 'toString');
const word = fc.constantFrom('', 'x', 'yes', ' yes', 'https://example.com', 'a@example.com');
const number = fc.constantFrom(0, -0, 1, -1, 0.5, 3, 2 ** 31, 2 ** 53, 1.7e308, Number.POSITIVE_INFINITY);

const leaf = fc.oneof(
  fc.constantFrom<() => z.ZodType>(
    () => z.string(),
    () => z.string().min(1),
    () => z.string().max(2).regex(/^y/),
    () => z.string().trim(),
    () => z.string().refine((text) => text !== 'x'),
    () => z.url(),
    () => z.email(),
    () => z.coerce.string(),
    () => z.number(),
    () => z.int(),
    () => z.int32(),
    () => z.int().positive(),
    () => z.number().min(0).max(1),
    () => z.number().lt(3).gt(-1).int(),
    () => z.number().multipleOf(0.5),
    () => z.coerce.number(),
    () => z.boolean(),
    () => z.null(),
    () => z.any(),
    () => z.unknown(),
    () => z.undefined(),
    () => z.never(),
    () => z.string().default('d'),
    () => z.string().catch('c'),
    () => z.string().transform((text) => text.length),
    () => z.enum(['x', 'yes']),
    () => z.literal([1, 'x', null]),
    () => z.literal([0, undefined]),
  ),
);

/** Makers of schemas: a property that fails shows the maker's text. */
const schemas = fc.letrec<{ any: () => z.ZodType; object: () => z.ZodObject }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, depthSize: 'medium' },
    leaf,
    { arbitrary: tie('object'), weight: 4 },
    tie('any').map((inner) => () => inner().optional()),
    tie('any').map((inner) => () => inner().nullable()),
    tie('any').map((inner) => () => inner().readonly()),
    tie('any').map((inner) => () => z.array(inner())),
    tie('any').map((inner) => () => z.array(inner()).min(1)),
    tie('any').map((inner) => () => z.record(z.string(), inner())),
    fc.tuple(tie('any'), tie('any')).map((inner) => () => z.tuple([inner[0](), inner[1]()])),
    fc.array(tie('any'), { minLength: 1, maxLength: 3 }).map((options) => () => z.union(options.map((make) => make()))),
    {
      arbitrary: fc
        .array(tie('object'), { minLength: 2, maxLength: 3 })
        .map((options) => () => z.union(options.map((make) => make()))),
      weight: 3,
    },
    fc.array(tie('any'), { minLength: 1, maxLength: 3 }).map((options) => () => z.xor(options.map((make) => make()))),
    fc
      .array(tie('object'), { minLength: 1, maxLength: 3 })
      .map(
        (options) => () =>
          z.discriminatedUnion('kind', options.map((make, i) => make().extend({ kind: z.literal(`${i}`) })) as never),
      ),
  ),
  object: fc
    .tuple(
      fc.dictionary(name, tie('any'), { maxKeys: 3, noNullPrototype: true }),
      fc.constantFrom<(object: z.ZodObject) => z.ZodObject>(
        (object) => object,
        (object) => object,
        (object) => object.strict(),
        (object) => object.loose(),
        (object) => object.catchall(z.number()),
        (object) => object.refine((value) => Object.keys(value).length !== 1),
      ),
    )
    .map(
      ([fields, change]) =>
        () =>
          change(z.object(Object.fromEntries(Object.entries(fields).map(([field, make]) => [field, make()])))),
    ),
}));

const values = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, depthSize: 'medium' },
    fc.oneof(word, number, fc.boolean(), fc.constant(null)),
    { arbitrary: fc.array(tie('any'), { maxLength: 3 }), weight: 1 },
    {
      arbitrary: fc
        .array(fc.tuple(fc.oneof(name, fc.constant('kind')), tie('any')), { maxLength: 4 })
        // As JSON.parse makes it: `__proto__` is a property like others.
        .map((properties) => Object.fromEntries(properties)),
      weight: 4,
    },
  ),
}));

/** What the schema accepts is likelier near what it has. */
const likelyValue = (schema: z.ZodType, random: (of: number) => number): unknown => {
  const { def } = schema._zod as unknown as { def: z.core.$ZodTypes['_zod']['def'] };
  const inside = (inner: z.core.$ZodType) => likelyValue(inner as z.ZodType, random);
  const one = <T>(options: readonly T[]): T => options[random(options.length)] as T;
  switch (def.type) {
    case 'object': {
      const fields = Object.entries(def.shape).filter(
        ([, field]) => field._zod.def.type !== 'optional' || random(2) > 0,
      );
      if (random(8) === 0) fields.reverse();
      const entries: [string, unknown][] = fields.map(([field, inner]) => [field, inside(inner)]);
      if (random(8) === 0) entries.push([one(['c', 'd', '__proto__']), 1]);
      if (random(8) === 0) entries.shift();
      return Object.fromEntries(entries);
    }
    case 'array':
      return Array.from({ length: random(3) }, () => inside(def.element));
    case 'tuple':
      return def.items.map(inside);
    case 'record':
      return { a: inside(def.valueType) };
    case 'union':
      return inside(one(def.options));
    case 'optional':
    case 'nullable':
    case 'readonly':
      return random(4) === 0 && def.type === 'nullable' ? null : inside(def.innerType);
    case 'literal':
      return one(def.values);
    case 'enum':
      return one(['x', 'yes']);
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'number':
      return one([0, -0, 1, 0.5, 2 ** 31, 2 ** 53, Number.POSITIVE_INFINITY]);
    default:
      return one(['x', 'yes', ' yes', 'https://example.com', 'a@example.com', '']);
  }
};

/** Keeps the order of properties and tells −0, which texts of JSON do not. */
const shown = (value: unknown): string =>
  JSON.stringify(value, (_name, inner: unknown) =>
    typeof inner === 'number' ? `number ${Object.is(inner, -0) ? '-0' : inner}` : inner,
  ) ?? 'undefined';

describe('the quick check before a schema', () => {
  it('says yes only where zod accepts, and gives back the same in the same order', () => {
    let checked = 0;
    let yes = 0;
    fc.assert(
      fc.property(
        schemas.any,
        fc.array(values.any, { minLength: 5, maxLength: 5 }),
        fc.infiniteStream(fc.nat()),
        (make, anything, randoms) => {
          let schema: z.ZodType;
          try {
            schema = make();
            // Zod looks at a discriminated union when it first parses.
            z.safeParse(schema, {});
          } catch {
            return;
          }
          const check = compileSchemaCheck(schema);
          if (check === undefined) return;
          const random = (of: number): number => (randoms.next().value as number) % of;
          for (const value of [...anything, ...Array.from({ length: 10 }, () => likelyValue(schema, random))]) {
            checked++;
            if (!check(value)) continue;
            yes++;
            const read = z.safeParse(schema, value);
            expect(read.success, shown(value)).toBe(true);
            expect(shown(read.data)).toBe(shown(value));
            expect(read.data).toEqual(value);
            const encoded = z.safeEncode(schema, value as never);
            expect(encoded.success && shown(encoded.data), shown(value)).toBe(shown(value));
          }
        },
      ),
      { numRuns: 3_000 },
    );
    // The property says little unless both answers came up.
    expect(yes).toBeGreaterThan(1_000);
    expect(checked - yes).toBeGreaterThan(1_000);
  });
});
