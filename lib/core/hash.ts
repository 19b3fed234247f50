import { definitionError } from '../errors/millrace-error.ts';

/**
 * The hash of keys. It is part of the state format: keys are placed by it, so not one bit of it may ever change.
 * The golden values in its test are the contract.
 */

/** The hash space of Kinesis: 0 … 2^128 − 1. */
const HASH_SPACE = 1n << 128n;

const maxPartitionCount = 65_536;

const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

const mixBlock = (hash: number, block: number): number => {
  let k = Math.imul(block, C1);
  k = Math.imul((k << 15) | (k >>> 17), C2);
  const mixed = hash ^ k;
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
};

const mixTail = (hash: number, tail: number): number => {
  const k = Math.imul(tail, C1);
  return hash ^ Math.imul((k << 15) | (k >>> 17), C2);
};

const finish = (hash: number, byteCount: number): number => {
  let h = hash ^ byteCount;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

const hashBytes = (bytes: Uint8Array, byteCount: number): number => {
  const blocksEnd = byteCount & ~3;
  let hash = 0;
  let i = 0;
  for (; i < blocksEnd; i += 4) {
    hash = mixBlock(hash, bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
  }
  let tail = 0;
  for (let shift = 0; i < byteCount; i += 1, shift += 8) tail |= bytes[i]! << shift;
  return finish(mixTail(hash, tail), byteCount);
};

const utf8 = new TextEncoder();
const scratch = new Uint8Array(3 * 1_024);

const hashEncoded = (text: string): number => {
  // A code unit never takes more than three bytes.
  const bytes = text.length * 3 <= scratch.length ? scratch : new Uint8Array(text.length * 3);
  return hashBytes(bytes, utf8.encodeInto(text, bytes).written);
};

/**
 * Hashes a key to an unsigned 32-bit integer: MurmurHash3 x86 32 (Austin Appleby, public domain) with seed 0 over
 * the text's UTF-8 bytes, so any language can recompute it. A lone surrogate counts as U+FFFD.
 *
 * ASCII text is hashed straight from the string, anything else through a reused buffer: no allocation up to 1,024
 * code units.
 *
 * @example hashKey('hello') // 613153351
 */
export const hashKey = (text: string): number => {
  const length = text.length;
  const blocksEnd = length & ~3;
  let hash = 0;
  let i = 0;
  for (; i < blocksEnd; i += 4) {
    const c0 = text.charCodeAt(i);
    const c1 = text.charCodeAt(i + 1);
    const c2 = text.charCodeAt(i + 2);
    const c3 = text.charCodeAt(i + 3);
    if ((c0 | c1 | c2 | c3) > 0x7f) return hashEncoded(text);
    hash = mixBlock(hash, c0 | (c1 << 8) | (c2 << 16) | (c3 << 24));
  }
  let tail = 0;
  for (let shift = 0; i < length; i += 1, shift += 8) {
    const c = text.charCodeAt(i);
    if (c > 0x7f) return hashEncoded(text);
    tail |= c << shift;
  }
  return finish(mixTail(hash, tail), length);
};

/**
 * The logical partition of a hash: its top bits, so that a partition is one contiguous range of the hash space.
 *
 * @param hash32 unsigned, from {@link hashKey}
 * @param partitionCount a power of two, 1 … 65,536; not checked here, this is the hot path
 * @returns 0 … partitionCount − 1
 * @example logicalPartitionOf(hashKey('ZJ'), 128)
 */
export const logicalPartitionOf = (hash32: number, partitionCount: number): number =>
  // A shift by 32 would be a shift by 0.
  partitionCount === 1 ? 0 : hash32 >>> (Math.clz32(partitionCount) + 1);

export interface HashRange {
  /** Inclusive. */
  readonly start: bigint;
  /** Inclusive. */
  readonly end: bigint;
}

/**
 * The part of the stream's 2^128 hash space that belongs to a logical partition: `partitionCount` equal ranges, in
 * order. A packet for the partition goes to a shard that owns this range.
 *
 * @throws `INVALID_OPTION` when the count is not a power of two up to 65,536, or the partition is not below it
 * @example hashRangeOf(1, 2) // { start: 2n ** 127n, end: 2n ** 128n - 1n }
 */
export const hashRangeOf = (lp: number, partitionCount: number): HashRange => {
  if (!isPartitionCount(partitionCount)) {
    throw definitionError(
      'INVALID_OPTION',
      `The number of logical partitions is ${partitionCount}.`,
      `Use a power of two, 1 … ${maxPartitionCount}.`,
      { partitionCount },
    );
  }
  if (!Number.isInteger(lp) || lp < 0 || lp >= partitionCount) {
    throw definitionError(
      'INVALID_OPTION',
      `There is no logical partition ${lp} of ${partitionCount}.`,
      `Use an integer, 0 … ${partitionCount - 1}.`,
      { lp, partitionCount },
    );
  }
  const width = HASH_SPACE / BigInt(partitionCount);
  const start = BigInt(lp) * width;
  return { start, end: start + width - 1n };
};

/** Whether a number of logical partitions is one that keys can be placed by: a power of two, 1 … 65,536. */
export const isPartitionCount = (count: number): boolean =>
  Number.isInteger(count) && count >= 1 && count <= maxPartitionCount && (count & (count - 1)) === 0;
