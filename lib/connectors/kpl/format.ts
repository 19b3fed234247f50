/**
 * The aggregated record format of the Kinesis Producer Library: four magic bytes, a protobuf message, and the MD5 of
 * that message. Source: `aggregation-format.md` in awslabs/amazon-kinesis-producer.
 *
 * ```proto
 * message AggregatedRecord {
 *   repeated string partition_key_table = 1;
 *   repeated string explicit_hash_key_table = 2;
 *   repeated Record records = 3;
 * }
 * message Record {
 *   required uint64 partition_key_index = 1;
 *   optional uint64 explicit_hash_key_index = 2;
 *   required bytes data = 3;
 *   repeated Tag tags = 4; // of no use to anybody so far, and skipped
 * }
 * ```
 */

/** F3 89 9A C2, read as a little-endian 32-bit number. */
export const magicLittleEndian = 0xc29a89f3;
export const magicSizeBytes = 4;
export const digestSizeBytes = 16;

/** Fields of the message `AggregatedRecord`. */
export const aggregateField = { partitionKey: 1, explicitHashKey: 2, record: 3 } as const;

/** Fields of the message `Record`. */
export const recordField = { partitionKeyIndex: 1, explicitHashKeyIndex: 2, data: 3 } as const;

/** Protobuf's wire types, as far as the format uses them. */
export const wireType = { varint: 0, bytes: 2 } as const;

/** A field of bytes: its tag (one byte for every field of this format), its length, the bytes. */
export const fieldSize = (byteCount: number): number => 1 + varintSize(byteCount) + byteCount;

export const varintSize = (value: number): number => {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) size += 1;
  return size;
};

export const largestHashKey = 2n ** 128n - 1n;

/** Whether text is an explicit hash key: a decimal number of the hash space, without sign or leading zeros. */
export const isExplicitHashKey = (text: string): boolean =>
  /^(0|[1-9]\d{0,38})$/.test(text) && BigInt(text) <= largestHashKey;

/** One record as a user of the producer library sees it. */
export interface UserRecord {
  readonly data: Uint8Array;
  readonly partitionKey: string;
  /** Decimal, 0 … 2^128 − 1; it overrides the partition key's hash. */
  readonly explicitHashKey?: string;
  /** Its place in the Kinesis record, from 0: with the sequence number it names the record. */
  readonly subSequenceNumber: number;
}
