import { hash } from 'node:crypto';
import { PbfReader } from 'pbf';
import {
  aggregateField,
  digestSizeBytes,
  isExplicitHashKey,
  magicLittleEndian,
  magicSizeBytes,
  recordField,
  type UserRecord,
  wireType,
} from './format.ts';

/** What {@link deaggregate} needs of a Kinesis record. */
export interface AggregateCandidate {
  readonly data: Uint8Array;
  readonly partitionKey: string;
}

/**
 * Takes a KPL-aggregated record apart.
 *
 * As in the Kinesis Client Library, a record that starts with the magic number but whose checksum or body is wrong is a
 * record like any other: the bytes may be anything. Unlike there, one bad key index makes the whole record plain; that
 * library logs it, keeps what came before and loses the rest.
 *
 * The user records' `data` are views of the record's bytes, not copies.
 *
 * @returns the user records in order, or `undefined` when the record is not aggregated: then it is itself the one user
 *   record. An aggregate may be empty. Never throws, whatever the bytes.
 * @example
 * const userRecords = deaggregate(record) ?? [{ ...record, subSequenceNumber: 0 }];
 */
export const deaggregate = (record: AggregateCandidate): readonly UserRecord[] | undefined => {
  const { data } = record;
  if (!hasAggregateMagic(data)) return undefined;
  const body = data.subarray(magicSizeBytes, data.length - digestSizeBytes);
  const digest = hash('md5', body, 'buffer');
  if (digest.compare(data, data.length - digestSizeBytes) !== 0) return undefined;
  try {
    return readAggregate(body);
  } catch {
    // The reader throws on what protobuf does not allow.
    return undefined;
  }
};

/**
 * Whether bytes start like an aggregated record and are long enough to be one. True for one that is damaged, too: it
 * lets a quarantined record say that it was perhaps an aggregate.
 */
export const hasAggregateMagic = (data: Uint8Array): boolean =>
  data.length > magicSizeBytes + digestSizeBytes &&
  (data[0]! | (data[1]! << 8) | (data[2]! << 16) | (data[3]! << 24)) >>> 0 === magicLittleEndian;

/** Keeps a byte order mark: it is part of the key, and of its hash. */
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

const absent = -1;

const readAggregate = (body: Uint8Array): readonly UserRecord[] | undefined => {
  const reader = new PbfReader(body);
  const partitionKeys: string[] = [];
  const explicitHashKeys: string[] = [];
  // The tables may come after the records that use them: indexes are looked up at the end.
  const pending: PendingRecord[] = [];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (reader.type !== wireType.bytes) continue;
    if (field === aggregateField.partitionKey) partitionKeys.push(utf8.decode(readBytes(reader, body.length)));
    else if (field === aggregateField.explicitHashKey)
      explicitHashKeys.push(utf8.decode(readBytes(reader, body.length)));
    else if (field === aggregateField.record) {
      const record = readRecord(reader, body.length);
      if (record === undefined) return undefined;
      pending.push(record);
    }
  }
  if (reader.pos !== body.length || !explicitHashKeys.every(isExplicitHashKey)) return undefined;
  return resolveKeys(pending, partitionKeys, explicitHashKeys);
};

interface PendingRecord {
  readonly data: Uint8Array;
  readonly partitionKeyIndex: number;
  /** −1 where there is none. */
  readonly explicitHashKeyIndex: number;
}

const readRecord = (reader: PbfReader, limit: number): PendingRecord | undefined => {
  const end = reader.readVarint() + reader.pos;
  if (end > limit) return undefined;
  let partitionKeyIndex = absent;
  let explicitHashKeyIndex = absent;
  let data: Uint8Array | undefined;
  for (let field = reader.nextField(end); field !== 0; field = reader.nextField(end)) {
    const { type } = reader;
    if (field === recordField.partitionKeyIndex && type === wireType.varint) partitionKeyIndex = reader.readVarint();
    else if (field === recordField.explicitHashKeyIndex && type === wireType.varint) {
      explicitHashKeyIndex = reader.readVarint();
    } else if (field === recordField.data && type === wireType.bytes) data = readBytes(reader, end);
  }
  if (reader.pos !== end || data === undefined || partitionKeyIndex === absent) return undefined;
  return { data, partitionKeyIndex, explicitHashKeyIndex };
};

/** Bounded, unlike the reader's own, which cuts off what it does not have. */
const readBytes = (reader: PbfReader, limit: number): Uint8Array => {
  const end = reader.readVarint() + reader.pos;
  if (end > limit) throw new RangeError('the length of a field goes past its message');
  const bytes = reader.buf.subarray(reader.pos, end);
  reader.pos = end;
  return bytes;
};

const resolveKeys = (
  pending: readonly PendingRecord[],
  partitionKeys: readonly string[],
  explicitHashKeys: readonly string[],
): readonly UserRecord[] | undefined => {
  const records: UserRecord[] = [];
  for (const { data, partitionKeyIndex, explicitHashKeyIndex } of pending) {
    const partitionKey = partitionKeys[partitionKeyIndex];
    if (partitionKey === undefined) return undefined;
    const subSequenceNumber = records.length;
    if (explicitHashKeyIndex === absent) {
      records.push({ data, partitionKey, subSequenceNumber });
      continue;
    }
    const explicitHashKey = explicitHashKeys[explicitHashKeyIndex];
    if (explicitHashKey === undefined) return undefined;
    records.push({ data, partitionKey, explicitHashKey, subSequenceNumber });
  }
  return records;
};
