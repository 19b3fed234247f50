import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { compileSchemaCheck } from '../../../lib/operators/schema-check.ts';

const check = (schema: z.ZodType, value: unknown): boolean | undefined => compileSchemaCheck(schema)?.(value);

const Order = z.object({
  id: z.string(),
  lines: z.array(z.object({ sku: z.string().min(1), count: z.int().positive() })),
  paid: z.boolean(),
  coupon: z.string().nullable().optional(),
  state: z.enum(['open', 'sent']),
  at: z.int(),
});
const order = { id: 'o', lines: [{ sku: 's', count: 1 }], paid: true, coupon: null, state: 'open', at: 1 };

const { at: _at, ...withoutTime } = order;

describe('the quick check before a schema', () => {
  it('knows a valid value of a common schema, so that zod need not look', () => {
    expect(check(Order, order)).toBe(true);
    const { coupon, ...without } = order;
    expect(check(Order, without)).toBe(true);
    expect(check(z.object({ a: z.any(), n: z.null() }).loose(), { a: [1], n: null, more: {} })).toBe(true);
    expect(check(z.strictObject({ v: z.number().gte(0).lt(1) }), { v: 0 })).toBe(true);
  });

  it.each([
    ['a field is missing', { lines: [], paid: true, state: 'open', at: 1 }],
    ['a field is of another type', { ...order, at: '1' }],
    ['there is one more field, which zod drops', { ...order, more: 1 }],
    ['fields come in another order, which zod changes', { at: order.at, ...withoutTime }],
    ['something inside an array is wrong', { ...order, lines: [{ sku: '', count: 1 }] }],
    ['a number is out of bounds', { ...order, lines: [{ sku: 's', count: 0 }] }],
    ['it is no object', [order]],
  ])('leaves it to zod where %s', (_, value) => {
    expect(check(Order, value)).toBe(false);
  });

  it('takes no later option of a union where an earlier one would drop fields', () => {
    const narrow = z.object({ a: z.int() });
    const wide = z.object({ a: z.int(), b: z.int() });
    expect(check(z.union([narrow, wide]), { a: 1, b: 2 })).toBe(false);
    expect(check(z.union([wide, narrow]), { a: 1, b: 2 })).toBe(true);
    expect(check(z.union([wide, narrow]), { a: 1 })).toBe(true);
  });

  it('knows the option that a discriminator names', () => {
    const Shape = z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('circle'), r: z.number() }),
      z.object({ kind: z.literal('square'), side: z.number() }),
    ]);
    expect(check(Shape, { kind: 'square', side: 1 })).toBe(true);
    expect(check(Shape, { kind: 'circle', side: 1 })).toBe(false);
  });

  it('refuses the infinity that JSON.parse makes of 1e999', () => {
    expect(check(z.number(), JSON.parse('1e999'))).toBe(false);
  });

  it('leaves a text that its format changes to zod', () => {
    expect(check(z.url(), ' https://example.com')).toBe(false);
    expect(check(z.url(), 'https://example.com')).toBe(true);
  });

  it.each<[string, z.ZodType]>([
    ['a transform', z.object({ a: z.string().transform(Number) })],
    ['a default', z.object({ a: z.string().default('') })],
    ['a coercion', z.object({ a: z.coerce.number() })],
    ['a trimmed text', z.string().trim()],
    ['a refinement, which is the user’s', z.object({ a: z.string() }).refine(() => true)],
    ['a format of the user’s', z.stringFormat('mine', () => true)],
    ['a frozen object', z.object({ a: z.string() }).readonly()],
    ['a union of which exactly one has to fit', z.xor([z.string(), z.literal('x')])],
  ])('does not exist for %s', (_, schema) => {
    expect(compileSchemaCheck(schema)).toBeUndefined();
  });

  it('does not exist for a schema inside itself', () => {
    const Tree = z.object({
      get children() {
        return z.array(Tree);
      },
    });
    expect(compileSchemaCheck(Tree)).toBeUndefined();
  });
});
