import { describe, expect, it } from 'vitest';
import { splitLines } from '../../../../lib/local/bounded-run/split-lines.ts';

const lines = async (chunks: readonly (string | Uint8Array)[], maxBytes = 100) => {
  async function* all() {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  const found: [number, string][] = [];
  for await (const list of splitLines(all(), maxBytes)) {
    for (const { number, data } of list) found.push([number, Buffer.from(data).toString()]);
  }
  return found;
};

describe('lines', () => {
  it('are the same however the bytes are cut', async () => {
    const text = '{"a":1}\n{"b":"ü"}\r\n\n  \n{"c":3}';
    const whole = await lines([text]);
    expect(whole).toEqual([
      [1, '{"a":1}'],
      [2, '{"b":"ü"}'],
      [5, '{"c":3}'],
    ]);
    const bytes = Buffer.from(text);
    for (let size = 1; size < bytes.length; size++) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      expect(await lines(chunks)).toEqual(whole);
    }
  });

  it('begin after a byte order mark', async () => {
    expect(await lines([Buffer.from([0xef, 0xbb, 0xbf]), '1\n\ufeff2'])).toEqual([
      [1, '1'],
      [2, '\ufeff2'],
    ]);
  });

  it('keep their numbers and their neighbours when one is too long', async () => {
    const long = 'x'.repeat(5_000);
    const found = await lines(['1\n', long, `${long}\n3\n`]);
    expect(found.map(([number]) => number)).toEqual([1, 2, 3]);
    expect(found[1]?.[1]).toBe('x'.repeat(1_024));
  });

  it('may be as long as allowed', async () => {
    expect(await lines(['x'.repeat(100)], 100)).toEqual([[1, 'x'.repeat(100)]]);
  });

  it('are none in an empty file', async () => {
    expect(await lines([])).toEqual([]);
    expect(await lines(['\n \n'])).toEqual([]);
  });
});
