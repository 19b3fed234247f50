import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { AggregatePacker, aggregate } from '../../../lib/connectors/kpl/aggregate.ts';
import { deaggregate, hasAggregateMagic } from '../../../lib/connectors/kpl/deaggregate.ts';
import { effectiveHashKey, withinShard } from '../../../lib/connectors/kpl/shard-range.ts';

const magic = [0xf3, 0x89, 0x9a, 0xc2];
const md5 = (bytes: readonly number[]) => [...createHash('md5').update(Uint8Array.from(bytes)).digest()];
const sealed = (body: readonly number[]) => Uint8Array.from([...magic, ...body, ...md5(body)]);
const ascii = (text: string) => [...Buffer.from(text, 'latin1')];
const bytes = (text: string) => Uint8Array.from(Buffer.from(text));
const read = (data: Uint8Array) => deaggregate({ data, partitionKey: 'outer' });

/**
 * Two records by hand: `a` goes by its explicit hash key, `b` by its partition key.
 * Each line is a field: tag (number · 8 + wire type), length, content.
 */
const goldenBody = [
  [0x0a, 2, ...ascii('k1')],
  [0x0a, 2, ...ascii('k2')],
  [0x12, 3, ...ascii('340')],
  [0x1a, 8, 0x08, 0, 0x10, 0, 0x1a, 2, ...ascii('aa')],
  [0x1a, 5, 0x08, 1, 0x1a, 1, ...ascii('b')],
].flat();
/** The MD5 of the body above, worked out by another program. */
const goldenDigest = '71bcc68c6a20f12b3769ffefac258f8d';

const goldenRecords = [
  { data: bytes('aa'), partitionKey: 'k1', explicitHashKey: '340', subSequenceNumber: 0 },
  { data: bytes('b'), partitionKey: 'k2', subSequenceNumber: 1 },
];

describe('deaggregate', () => {
  it('reads bytes made by hand from the description of the format', () => {
    const data = Uint8Array.from([...magic, ...goldenBody, ...Buffer.from(goldenDigest, 'hex')]);
    expect(read(data)).toEqual(goldenRecords);
  });

  it('reads tables that come after the records', () => {
    // Both tables after the records: protobuf does not promise an order.
    const reordered = [...goldenBody.slice(13), ...goldenBody.slice(0, 13)];
    expect(read(sealed(reordered))).toEqual(goldenRecords);
  });

  it('skips tags and fields it does not know', () => {
    const tag = [0x22, 5, 0x0a, 3, ...ascii('key')];
    const body = [0x0a, 1, ...ascii('k'), 0x1a, 5 + tag.length, 0x08, 0, ...tag, 0x1a, 1, ...ascii('x'), 0x20, 7];
    expect(read(sealed(body))).toEqual([{ data: bytes('x'), partitionKey: 'k', subSequenceNumber: 0 }]);
  });

  it('keeps a byte order mark, which is part of the key', () => {
    const key = [0xef, 0xbb, 0xbf, ...ascii('a-long-enough-key')];
    const body = [0x0a, key.length, ...key, 0x1a, 4, 0x08, 0, 0x1a, 0];
    expect(read(sealed(body))?.[0]?.partitionKey).toBe('\ufeffa-long-enough-key');
  });

  it.each<[string, Uint8Array]>([
    ['has another magic number', Uint8Array.from([0xf3, 0x89, 0x9a, 0xc3, ...goldenBody, ...md5(goldenBody)])],
    ['is empty', new Uint8Array(0)],
    ['is the magic number only', Uint8Array.from(magic)],
    ['has no body', sealed([])],
    ['has a wrong checksum', Uint8Array.from([...magic, ...goldenBody, ...md5([])])],
    ['has a partition key index past the table', sealed([0x0a, 1, 0x6b, 0x1a, 4, 0x08, 1, 0x1a, 0])],
    ['has a huge index', sealed([0x0a, 1, 0x6b, 0x1a, 8, 0x08, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x1a, 0])],
    ['has an explicit hash key index past the table', sealed([0x0a, 1, 0x6b, 0x1a, 6, 0x08, 0, 0x10, 0, 0x1a, 0])],
    ['has an explicit hash key that is no number', sealed([0x12, 1, 0x6b, 0x0a, 1, 0x6b, 0x1a, 4, 0x08, 0, 0x1a, 0])],
    ['has a record without data', sealed([0x0a, 1, 0x6b, 0x1a, 2, 0x08, 0])],
    ['has a record without partition key', sealed([0x0a, 1, 0x6b, 0x1a, 2, 0x1a, 0])],
    ['has a length past its end', sealed([0x0a, 9, 0x6b])],
    ['has a record that ends in the middle of a field', sealed([0x0a, 1, 0x6b, 0x1a, 4, 0x08, 0, 0x1a, 1, 0x78])],
    ['has a number that does not end', sealed(new Array(12).fill(0xff))],
    ['has a group, which protobuf gave up', sealed([0x0b, 0x0c])],
  ])('takes a record for a plain one that %s', (_, data) => {
    expect(read(data)).toBeUndefined();
  });

  it('gives no user records for an aggregate that has none', () => {
    expect(read(sealed([0x0a, 1, 0x6b]))).toEqual([]);
  });

  it('tells a damaged aggregate from a record that never was one', () => {
    const damaged = Uint8Array.from([...magic, ...goldenBody, ...md5([])]);
    expect(hasAggregateMagic(damaged)).toBe(true);
    expect(hasAggregateMagic(bytes('{"id":"an ordinary record"}'))).toBe(false);
  });

  it('reads a record that is a view into a larger buffer', () => {
    const inner = sealed(goldenBody);
    const outer = new Uint8Array(inner.length + 20).fill(0xf3);
    outer.set(inner, 7);
    expect(read(outer.subarray(7, 7 + inner.length))).toEqual(goldenRecords);
  });
});

describe('aggregate', () => {
  it('writes the bytes that the description of the format asks for', () => {
    const [packed] = aggregate(goldenRecords);
    expect(packed?.data).toEqual(sealed(goldenBody));
  });

  it('sends the aggregate where its first user record belongs', () => {
    const [packed] = aggregate(goldenRecords);
    expect(packed).toMatchObject({ partitionKey: 'k1', explicitHashKey: '340' });
  });

  it('makes nothing of nothing', () => {
    expect(aggregate([])).toEqual([]);
  });

  it('leaves a single record as it is', () => {
    const only = { data: bytes('x'), partitionKey: 'k' };
    expect(aggregate([only])).toEqual([only]);
  });

  it('wraps a single record whose data are themselves an aggregate', () => {
    const only = { data: sealed(goldenBody), partitionKey: 'k' };
    const [packed] = aggregate([only]);
    expect(deaggregate(packed!)).toEqual([{ ...only, subSequenceNumber: 0 }]);
  });

  it('starts another record where the size would be passed', () => {
    const records = Array.from({ length: 10 }, (_, i) => ({ data: new Uint8Array(30).fill(i), partitionKey: 'k' }));
    const packed = aggregate(records, { maxSizeBytes: 150 });
    expect(packed.every(({ data, partitionKey }) => data.length + partitionKey.length <= 150)).toBe(true);
    expect(packed.map((record) => deaggregate(record)?.length)).toEqual([3, 3, 3, undefined]);
  });

  it('fills a record to the last byte', () => {
    const records = [1, 2, 3].map((i) => ({ data: new Uint8Array(30).fill(i), partitionKey: 'k' }));
    const sizeBytes = aggregate(records)[0]!.data.length + 1;
    expect(aggregate(records, { maxSizeBytes: sizeBytes })).toHaveLength(1);
    expect(aggregate(records, { maxSizeBytes: sizeBytes - 1 })).toHaveLength(2);
  });

  it('refuses a record that does not fit alone', () => {
    const large = { data: new Uint8Array(100), partitionKey: 'k' };
    expect(() => aggregate([large], { maxSizeBytes: 100 })).toThrow(
      expect.objectContaining({ code: 'RECORD_TOO_LARGE' }),
    );
    expect(aggregate([large], { maxSizeBytes: 101 })).toEqual([large]);
  });

  it.each(['', '-1', '007', '1e3', (2n ** 128n).toString()])('refuses the explicit hash key %j', (explicitHashKey) => {
    const record = { data: bytes('x'), partitionKey: 'k', explicitHashKey };
    expect(() => aggregate([record])).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it('starts afresh once it is taken', () => {
    const packer = new AggregatePacker();
    for (const record of goldenRecords) packer.tryAdd(record);
    const [once] = packer.take();
    expect(packer.count).toBe(0);
    for (const record of goldenRecords) packer.tryAdd(record);
    expect(packer.take()).toEqual([once]);
    expect(packer.take()).toEqual([]);
  });
});

describe('withinShard', () => {
  const half = 2n ** 127n;
  const last = 2n ** 128n - 1n;

  it('hashes the partition key as Kinesis does', () => {
    // MD5('a'), a value from RFC 1321.
    expect(effectiveHashKey({ partitionKey: 'a' })).toBe(0x0cc175b9c0f1b6a831c399e269772661n);
  });

  it('goes by the explicit hash key where there is one', () => {
    const record = { partitionKey: 'a', explicitHashKey: half.toString() };
    expect(withinShard(record, 0n, half - 1n)).toBe(false);
    expect(withinShard(record, half, last)).toBe(true);
  });

  it('counts both ends of the range as inside', () => {
    const record = { partitionKey: 'a', explicitHashKey: '100' };
    expect(withinShard(record, 100n, 200n)).toBe(true);
    expect(withinShard(record, 0n, 100n)).toBe(true);
    expect(withinShard(record, 101n, 200n)).toBe(false);
    expect(withinShard(record, 0n, 99n)).toBe(false);
  });

  it('puts each key in exactly one half', () => {
    for (const partitionKey of ['a', 'b', 'c', '浙江', '']) {
      expect(withinShard({ partitionKey }, 0n, half - 1n)).toBe(!withinShard({ partitionKey }, half, last));
    }
  });

  it('takes everything where there is one shard', () => {
    expect(withinShard({ partitionKey: 'a' }, 0n, last)).toBe(true);
  });
});
