import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aggregate } from '../../../lib/connectors/kpl/aggregate.ts';
import { deaggregate } from '../../../lib/connectors/kpl/deaggregate.ts';
import type { PutEntry } from '../../../lib/connectors/stream-port.ts';

const hashKey = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map(String);

const record: fc.Arbitrary<PutEntry> = fc.record(
  {
    data: fc.uint8Array({ maxLength: 300, size: 'max' }),
    partitionKey: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
    explicitHashKey: hashKey,
  },
  { requiredKeys: ['data', 'partitionKey'] },
);

const someKeys: fc.Arbitrary<PutEntry> = fc.record({
  data: fc.uint8Array({ maxLength: 20 }),
  partitionKey: fc.constantFrom('a', 'b', '浙江'),
});

const records = fc.oneof(fc.array(record, { size: '+1' }), fc.array(someKeys, { maxLength: 400, size: 'max' }));

const unpack = (packed: readonly PutEntry[]): PutEntry[] =>
  packed.flatMap(
    (outer) => deaggregate(outer)?.map(({ subSequenceNumber: _, ...userRecord }) => userRecord) ?? [outer],
  );

describe('aggregate and deaggregate', () => {
  it('give back the records, in order, whatever the size of the packets', () => {
    fc.assert(
      fc.property(records, fc.integer({ min: 600, max: 20_000 }), (given, maxSizeBytes) => {
        const packed = aggregate(given, { maxSizeBytes });
        expect(unpack(packed)).toEqual(given);
        for (const { data, partitionKey } of packed) {
          expect(data.length + Buffer.byteLength(partitionKey)).toBeLessThanOrEqual(maxSizeBytes);
        }
      }),
    );
  });

  it('number the user records from 0', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 2 }), (given) => {
        const [packed] = aggregate(given);
        expect(deaggregate(packed!)?.map((userRecord) => userRecord.subSequenceNumber)).toEqual([...given.keys()]);
      }),
    );
  });
});

describe('deaggregate', () => {
  const aggregated = fc.array(record, { minLength: 2 }).map((given) => aggregate(given)[0]!.data);

  it('takes an aggregate with any damaged byte for a plain record', () => {
    fc.assert(
      fc.property(aggregated, fc.nat(), fc.integer({ min: 1, max: 255 }), (data, at, difference) => {
        const damaged = data.slice();
        damaged[at % data.length]! ^= difference;
        expect(deaggregate({ data: damaged, partitionKey: 'k' })).toBeUndefined();
      }),
    );
  });

  it('takes an aggregate that was cut off for a plain record', () => {
    fc.assert(
      fc.property(aggregated, fc.nat(), (data, length) => {
        expect(deaggregate({ data: data.subarray(0, length % data.length), partitionKey: 'k' })).toBeUndefined();
      }),
    );
  });

  it('never throws and never invents bytes, even where the checksum of a wrong body is right', () => {
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 60, minLength: 1 }),
      fc
        .tuple(aggregated, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }))
        .map(([data, edits]) => {
          const edited = data.slice(4, -16);
          for (const [at, value] of edits) edited[at % edited.length] = value;
          return edited;
        }),
    );
    fc.assert(
      fc.property(body, (bytes) => {
        const digest = createHash('md5').update(bytes).digest();
        const data = Uint8Array.from([0xf3, 0x89, 0x9a, 0xc2, ...bytes, ...digest]);
        for (const userRecord of deaggregate({ data, partitionKey: 'k' }) ?? []) {
          const { byteOffset, byteLength } = userRecord.data;
          expect(byteOffset + byteLength).toBeLessThanOrEqual(data.length - 16);
          expect(typeof userRecord.partitionKey).toBe('string');
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
