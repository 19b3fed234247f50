import { describe, expect, it } from 'vitest';
import { hashKey, hashRangeOf, isPartitionCount, logicalPartitionOf } from '../../../lib/core/hash.ts';

/** Made by another implementation (Python's mmh3, seed 0, UTF-8). State is placed by these: they may never change. */
const golden: readonly (readonly [string, number])[] = [
  ['', 0],
  ['a', 1_009_084_850],
  ['ab', 2_613_040_991],
  ['abc', 3_017_643_002],
  ['test', 3_127_628_307],
  ['hello', 613_153_351],
  ['hello, world', 345_750_399],
  ['The quick brown fox jumps over the lazy dog', 776_992_547],
  ['order-0000000001', 1_071_175_991],
  ['é', 269_551_495],
  ['café-1', 1_688_846_251],
  ['浙江', 1_512_906_772],
  ['😀', 3_199_479_546],
];

describe('hashKey', () => {
  it.each(golden)('gives %j its golden value for ever', (text, hash) => {
    expect(hashKey(text)).toBe(hash);
  });

  it('gives text longer than its buffer its golden value for ever', () => {
    expect(hashKey('x'.repeat(5_000))).toBe(3_583_700_796);
    expect(hashKey('ü'.repeat(5_000))).toBe(481_177_259);
  });

  it('takes a lone surrogate for U+FFFD', () => {
    expect(hashKey('\ud800')).toBe(hashKey('\ufffd'));
  });
});

describe('logicalPartitionOf', () => {
  it('takes the top bits', () => {
    expect(logicalPartitionOf(0, 128)).toBe(0);
    expect(logicalPartitionOf(0x0200_0000, 128)).toBe(1);
    expect(logicalPartitionOf(0xffff_ffff, 128)).toBe(127);
    expect(logicalPartitionOf(0xffff_ffff, 65_536)).toBe(65_535);
  });

  it('puts everything into the only partition there is', () => {
    expect(logicalPartitionOf(0xffff_ffff, 1)).toBe(0);
  });
});

describe('hashRangeOf', () => {
  it('gives the only partition the whole space', () => {
    expect(hashRangeOf(0, 1)).toEqual({ start: 0n, end: 2n ** 128n - 1n });
  });

  it('cuts the space in equal parts without gap or overlap', () => {
    let next = 0n;
    for (let lp = 0; lp < 128; lp += 1) {
      const { start, end } = hashRangeOf(lp, 128);
      expect(start).toBe(next);
      expect(end - start).toBe(2n ** 121n - 1n);
      next = end + 1n;
    }
    expect(next).toBe(2n ** 128n);
  });

  it.each([0, 3, 100, 1.5, -2, 131_072, Number.NaN])('refuses %s partitions', (count) => {
    expect(isPartitionCount(count)).toBe(false);
    expect(() => hashRangeOf(0, count)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });

  it.each([-1, 128, 0.5])('refuses partition %s of 128', (lp) => {
    expect(() => hashRangeOf(lp, 128)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });
});
