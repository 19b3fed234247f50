import { describe, expect, it } from 'vitest';
import { JsonBatch } from '../../../lib/core/json-batch.ts';

const parsed = (...texts: readonly string[]) => {
  const batch = new JsonBatch();
  for (const text of texts) expect(batch.add(Buffer.from(text))).toBe(true);
  expect(batch.count).toBe(texts.length);
  return batch.parse();
};

describe('JSON texts parsed together', () => {
  it('are what each of them is alone', () => {
    expect(parsed('{"a":[1,{"b":null}]}', ' "é" ', '3\n', '[]')).toEqual([{ a: [1, { b: null }] }, 'é', 3, []]);
    expect(parsed('1')).toEqual([1]);
    expect(parsed()).toEqual([]);
  });

  it('may come in base64', () => {
    const batch = new JsonBatch();
    for (const text of ['{"a":1}', '12', '[true]', '"ü"'])
      expect(batch.addBase64(Buffer.from(text).toString('base64'))).toBe(true);
    expect(batch.parse()).toEqual([{ a: 1 }, 12, [true], 'ü']);
  });

  it('may hold the number that separates them, where it is by chance', () => {
    const batch = new JsonBatch(7);
    for (const text of ['7', '[7,7]', '{"a":7}']) batch.add(Buffer.from(text));
    expect(batch.parse()).toEqual([7, [7, 7], { a: 7 }]);
  });

  it('can be followed by others', () => {
    const batch = new JsonBatch();
    batch.add(Buffer.from('{'));
    expect(batch.parse()).toBeUndefined();
    batch.add(Buffer.from('2'));
    expect(batch.parse()).toEqual([2]);
    expect(batch.parse()).toEqual([]);
  });

  it.each([
    ['an object that another one goes on with', ['{"a":[{}', '{}]}', '{},0,{}']],
    ['two values in one', ['1,2']],
    ['an array that is closed by another', ['[1', '2]']],
    ['a text that is closed by another', ['"a', 'b"']],
    ['brackets the other way round', ['1],[2']],
    ['a value and none', ['1', ' ']],
    ['a comma after a value', ['1,', '2']],
    ['as many values as there should be, in one', ['1', '2,3,4', '[5', '6]']],
  ])('have no result with %s', (_, texts) => {
    expect(parsed(...texts)).toBeUndefined();
  });

  it('have no result where bytes of two texts would make one character', () => {
    const euro = Buffer.from('€');
    const batch = new JsonBatch();
    batch.add(Buffer.concat([Buffer.from('"'), euro.subarray(0, 2)]));
    batch.add(Buffer.concat([Buffer.from(' '), euro.subarray(2), Buffer.from('"')]));
    expect(batch.parse()).toBeUndefined();
  });

  it('have no result where bytes are not UTF-8', () => {
    const batch = new JsonBatch();
    batch.add(Buffer.from('1'));
    batch.add(Buffer.from([0x22, 0xff, 0x22]));
    expect(batch.parse()).toBeUndefined();
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a byte order mark', Buffer.from('\uFEFF1')],
    ['what starts an aggregate of the producer library', Buffer.from([0xf3, 0x89, 0x9a, 0xc2])],
    ['a long text', Buffer.from(`"${'x'.repeat(10_000)}"`)],
  ])('do without %s', (_, bytes) => {
    const batch = new JsonBatch();
    batch.add(Buffer.from('1'));
    expect(batch.add(bytes)).toBe(false);
    expect(batch.addBase64(bytes.toString('base64'))).toBe(false);
    batch.add(Buffer.from('2'));
    expect(batch.parse()).toEqual([1, 2]);
  });

  it('are as many as there is room for', () => {
    const text = Buffer.from(`"${'x'.repeat(8_000)}"`);
    const batch = new JsonBatch();
    let count = 0;
    while (batch.add(text)) count++;
    expect(count).toBeGreaterThan(1);
    expect(batch.addBase64(text.toString('base64'))).toBe(false);
    expect(batch.parse()).toEqual(Array(count).fill('x'.repeat(8_000)));
  });
});
