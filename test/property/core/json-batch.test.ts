import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonBatch } from '../../../lib/core/json-batch.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Pieces of JSON, which now and then make a whole. */
const fragments = fc
  .array(
    fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      '"',
      '\\',
      'a',
      ':',
      '"a":',
      '1',
      '-',
      '0',
      '.',
      'e',
      ' ',
      '\uFEFF',
      '€',
      'null',
    ),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .map((pieces) => Buffer.from(pieces.join('')));

const text = fc.oneof(
  { arbitrary: fc.json({ maxDepth: 2 }).map((json) => Buffer.from(json)), weight: 6 },
  fc.json({ maxDepth: 1 }).map((json) => Buffer.from(` ${json}\r\n\t`)),
  fc.constantFrom('{"__proto__":1}', '{"a":1,"a":2}', '1e999', '-0').map((json) => Buffer.from(json)),
  fragments,
  // Cut anywhere, in the middle of a character too.
  fc
    .tuple(fc.constantFrom('["€", {}]', '{"ä":[1,"𝄞"]}'), fc.nat(16))
    .map(([json, at]) => Buffer.from(json).subarray(0, at)),
  fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
);

const alone = (bytes: Uint8Array): { readonly value: unknown } | undefined => {
  try {
    return { value: JSON.parse(utf8.decode(bytes)) };
  } catch {
    return undefined;
  }
};

describe('a batch of JSON texts', () => {
  it('has a result exactly where each text is JSON, and then it is that of each', () => {
    let whole = 0;
    let broken = 0;
    const batch = new JsonBatch();
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), fc.boolean(), (texts, inBase64) => {
        const added = texts.filter((bytes) =>
          inBase64 ? batch.addBase64(bytes.toString('base64')) : batch.add(bytes),
        );
        for (const bytes of texts) if (!added.includes(bytes)) expect((bytes[0] ?? 0xff) > 0x7f).toBe(true);
        const expected = added.map(alone);
        const values = batch.parse();
        if (values === undefined) broken++;
        else whole++;
        if (expected.includes(undefined)) expect(values).toBeUndefined();
        else expect(values).toEqual(expected.map((one) => one?.value));
      }),
      { numRuns: 20_000 },
    );
    // The property says little unless both came up.
    expect(whole).toBeGreaterThan(2_000);
    expect(broken).toBeGreaterThan(2_000);
  });
});
