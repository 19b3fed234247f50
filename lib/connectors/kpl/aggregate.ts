import { hash } from 'node:crypto';
import { PbfWriter } from 'pbf';
import { MillraceError } from '../../errors/millrace-error.ts';
import { maxRecordBytes } from '../record-size.ts';
import type { PutEntry } from '../stream-port.ts';
import { hasAggregateMagic } from './deaggregate.ts';
import {
  aggregateField,
  digestSizeBytes,
  fieldSize,
  isExplicitHashKey,
  magicLittleEndian,
  magicSizeBytes,
  recordField,
  varintSize,
  wireType,
} from './format.ts';
import { type KeyPlace, KeyTable } from './key-table.ts';

export interface AggregateOptions {
  /** The greatest size of one Kinesis record, its partition key counted. Default 1 MiB. */
  readonly maxSizeBytes?: number;
}

/**
 * Packs user records into as few KPL-aggregated Kinesis records as an order-keeping cut gives.
 *
 * An aggregate goes where its first user record belongs, so give it records of *one* shard only: readers drop user
 * records that are outside the shard they were read from.
 *
 * @throws `RECORD_TOO_LARGE` when one user record alone is larger than allowed; `INVALID_ARGUMENT` for an explicit hash
 *   key that is not a decimal number below 2^128
 * @example
 * await streams.putRecords('orders', aggregate(orders.map((o) => ({ data: encode(o), partitionKey: o.province }))));
 */
export const aggregate = (records: Iterable<PutEntry>, options: AggregateOptions = {}): PutEntry[] => {
  const packer = new AggregatePacker(options);
  const packed: PutEntry[] = [];
  for (const record of records) {
    if (packer.tryAdd(record)) continue;
    packed.push(...packer.take());
    packer.tryAdd(record);
  }
  packed.push(...packer.take());
  return packed;
};

/**
 * Fills one aggregated record at a time.
 *
 * @example
 * if (!packer.tryAdd(record)) {
 *   send(packer.take());
 *   packer.tryAdd(record);
 * }
 */
export class AggregatePacker {
  readonly #maxSizeBytes: number;
  readonly #partitionKeys = new KeyTable();
  readonly #explicitHashKeys = new KeyTable();
  #pending: PendingRecord[] = [];
  #first: PutEntry | undefined;
  #bodyBytes = 0;

  constructor(options: AggregateOptions = {}) {
    this.#maxSizeBytes = options.maxSizeBytes ?? maxRecordBytes;
  }

  /** User records added since the last {@link take}. */
  get count(): number {
    return this.#pending.length;
  }

  /**
   * Adds the record if the aggregate stays within the size.
   *
   * @returns false, and changes nothing, where it would not: take what is there, and add it again
   * @throws `RECORD_TOO_LARGE` when it would not fit alone either; `INVALID_ARGUMENT` for a bad explicit hash key
   */
  tryAdd(record: PutEntry): boolean {
    const { partitionKey, explicitHashKey, data } = record;
    const partition = this.#partitionKeys.look(partitionKey);
    const explicit = explicitHashKey === undefined ? undefined : this.#lookExplicit(explicitHashKey);
    const indexBytes = 1 + varintSize(partition.index) + (explicit === undefined ? 0 : 1 + varintSize(explicit.index));
    const sizeBytes = indexBytes + fieldSize(data.length);
    const grownBytes = this.#bodyBytes + fieldSize(sizeBytes) + partition.newBytes + (explicit?.newBytes ?? 0);
    if (!this.#fits(record, grownBytes)) return false;
    this.#first ??= record;
    this.#bodyBytes = grownBytes;
    this.#partitionKeys.add(partitionKey, partition);
    if (explicit !== undefined) this.#explicitHashKeys.add(explicitHashKey!, explicit);
    this.#pending.push({ data, sizeBytes, partition: partition.index, explicit: explicit?.index });
    return true;
  }

  /**
   * What was added, as Kinesis records, and starts afresh: none where nothing was added, else one. A single user record
   * comes back as it is.
   */
  take(): PutEntry[] {
    const first = this.#first;
    if (first === undefined) return [];
    const data = this.#sendsPlain(first) && this.count === 1 ? first.data : this.#write();
    const { partitionKey, explicitHashKey } = first;
    this.#first = undefined;
    this.#pending = [];
    this.#bodyBytes = 0;
    this.#partitionKeys.clear();
    this.#explicitHashKeys.clear();
    return [explicitHashKey === undefined ? { data, partitionKey } : { data, partitionKey, explicitHashKey }];
  }

  #lookExplicit(explicitHashKey: string): KeyPlace {
    if (!isExplicitHashKey(explicitHashKey)) {
      throw new MillraceError('input', 'INVALID_ARGUMENT', `The explicit hash key is '${explicitHashKey}'.`, {
        fix: 'Use a decimal number from 0 to 2^128 − 1, without sign or leading zeros.',
        fields: { explicitHashKey },
      });
    }
    return this.#explicitHashKeys.look(explicitHashKey);
  }

  #fits(record: PutEntry, grownBytes: number): boolean {
    const outerKey = (this.#first ?? record).partitionKey;
    const alone = this.#first === undefined && this.#sendsPlain(record);
    const dataBytes = alone ? record.data.length : magicSizeBytes + grownBytes + digestSizeBytes;
    const bytes = dataBytes + Buffer.byteLength(outerKey);
    if (bytes <= this.#maxSizeBytes) return true;
    if (this.#first !== undefined) return false;
    throw new MillraceError(
      'operator',
      'RECORD_TOO_LARGE',
      `A record to aggregate has ${bytes} bytes; at most ${this.#maxSizeBytes} are allowed, partition key included.`,
      { fix: 'Send less in one record.', fields: { bytes, allowedBytes: this.#maxSizeBytes } },
    );
  }

  /** Data that look like an aggregate themselves must be wrapped, or a reader would take them apart. */
  #sendsPlain(record: PutEntry): boolean {
    return !hasAggregateMagic(record.data);
  }

  #write(): Uint8Array {
    const bodyEnd = magicSizeBytes + this.#bodyBytes;
    // Of exactly the size it ends with: the digest's place is the room the writer wants to see free before each field.
    const writer = new PbfWriter(new Uint8Array(bodyEnd + digestSizeBytes));
    writer.writeFixed32(magicLittleEndian);
    for (const key of this.#partitionKeys.keys())
      writeBytesField(writer, aggregateField.partitionKey, Buffer.from(key));
    for (const key of this.#explicitHashKeys.keys()) {
      writeBytesField(writer, aggregateField.explicitHashKey, Buffer.from(key));
    }
    for (const record of this.#pending) writeRecord(writer, record);
    const data = writer.buf;
    data.set(hash('md5', data.subarray(magicSizeBytes, bodyEnd), 'buffer'), bodyEnd);
    return data;
  }
}

interface PendingRecord {
  readonly data: Uint8Array;
  readonly sizeBytes: number;
  readonly partition: number;
  readonly explicit: number | undefined;
}

const writeRecord = (writer: PbfWriter, record: PendingRecord): void => {
  writer.writeTag(aggregateField.record, wireType.bytes);
  writer.writeVarint(record.sizeBytes);
  writer.writeTag(recordField.partitionKeyIndex, wireType.varint);
  writer.writeVarint(record.partition);
  if (record.explicit !== undefined) {
    writer.writeTag(recordField.explicitHashKeyIndex, wireType.varint);
    writer.writeVarint(record.explicit);
  }
  writeBytesField(writer, recordField.data, record.data);
};

/** Past the writer's own method, which looks for room first: the size is known. */
const writeBytesField = (writer: PbfWriter, field: number, bytes: Uint8Array): void => {
  writer.writeTag(field, wireType.bytes);
  writer.writeVarint(bytes.length);
  writer.buf.set(bytes, writer.pos);
  writer.pos += bytes.length;
};
