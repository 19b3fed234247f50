import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashKey, hashRangeOf, logicalPartitionOf } from '../../../lib/core/hash.ts';

const partitionCount = fc.integer({ min: 0, max: 16 }).map((power) => 2 ** power);

describe('hashKey', () => {
  it('is an unsigned 32-bit integer and the same each time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const hash = hashKey(text);
        expect(hash).toBe(hash >>> 0);
        expect(hashKey(text)).toBe(hash);
      }),
    );
  });

  it('agrees with the plain algorithm over the UTF-8 bytes, whether the text is ASCII or not', () => {
    const ascii = fc.string({ unit: 'binary-ascii' });
    const mixed = fc.tuple(ascii, fc.string({ unit: 'binary' })).map((parts) => parts.join('é'));
    fc.assert(
      fc.property(fc.oneof(ascii, mixed), (text) => {
        expect(hashKey(text)).toBe(referenceHash(Buffer.from(text)));
      }),
      { numRuns: 500 },
    );
  });

  it('spreads keys that look alike evenly over the partitions', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 12 }),
        fc.constantFrom(64, 128, 256),
        fc.nat(1_000_000),
        (prefix, count, from) => {
          const keysEach = 64;
          const counts = new Array<number>(count).fill(0);
          for (let i = 0; i < count * keysEach; i += 1) {
            const lp = logicalPartitionOf(hashKey(`${prefix}${from + i}`), count);
            counts[lp] = counts[lp]! + 1;
          }
          // Chi-squared has the mean `count` and the deviation √(2·count): ten deviations never happen by chance.
          const chiSquared = counts.reduce((sum, n) => sum + (n - keysEach) ** 2 / keysEach, 0);
          expect(chiSquared).toBeLessThan(count + 10 * Math.sqrt(2 * count));
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('logicalPartitionOf and hashRangeOf', () => {
  it('agree: a hash lies in the range of its partition', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), partitionCount, (hash, count) => {
        const lp = logicalPartitionOf(hash, count);
        const { start, end } = hashRangeOf(lp, count);
        const inSpace = BigInt(hash) << 96n;
        expect(inSpace >= start && inSpace <= end).toBe(true);
      }),
    );
  });
});

/** The algorithm once more, in 64-bit integers and without any of the short cuts. */
function referenceHash(bytes: Uint8Array): number {
  const u32 = (value: bigint) => value & 0xffff_ffffn;
  const rotate = (value: bigint, by: bigint) => u32((value << by) | (value >> (32n - by)));
  const scramble = (block: bigint) => u32(rotate(u32(block * 0xcc9e2d51n), 15n) * 0x1b873593n);
  let hash = 0n;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    const block = BigInt(new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, true));
    hash = u32(rotate(hash ^ scramble(block), 13n) * 5n + 0xe6546b64n);
  }
  let tail = 0n;
  for (let i = bytes.length - 1; i >= at; i -= 1) tail = (tail << 8n) | BigInt(bytes[i]!);
  hash ^= scramble(tail) ^ BigInt(bytes.length);
  hash = u32((hash ^ (hash >> 16n)) * 0x85ebca6bn);
  hash = u32((hash ^ (hash >> 13n)) * 0xc2b2ae35n);
  return Number(hash ^ (hash >> 16n));
}
