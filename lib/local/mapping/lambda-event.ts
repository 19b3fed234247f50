import type { StreamRecord } from '../../connectors/stream-port.ts';

export interface LambdaKinesisRecord {
  readonly kinesis: {
    readonly kinesisSchemaVersion: '1.0';
    readonly partitionKey: string;
    readonly sequenceNumber: string;
    /** Base64. */
    readonly data: string;
    /** Seconds since the epoch, with a fraction. */
    readonly approximateArrivalTimestamp: number;
  };
  readonly eventSource: 'aws:kinesis';
  readonly eventVersion: '1.0';
  /** `shardId:sequenceNumber`. */
  readonly eventID: string;
  readonly eventName: 'aws:kinesis:record';
  readonly invokeIdentityArn: string;
  readonly awsRegion: string;
  readonly eventSourceARN: string;
}

export interface LambdaKinesisEvent {
  readonly Records: readonly LambdaKinesisRecord[];
}

/** What all records of one shard have in common. */
export interface EventOrigin {
  readonly shardId: string;
  readonly region: string;
  readonly streamArn: string;
  readonly roleArn: string;
}

/** The event that AWS hands to a function for these records. */
export const toLambdaEvent = (records: readonly StreamRecord[], origin: EventOrigin): LambdaKinesisEvent => ({
  Records: records.map((record) => toLambdaRecord(record, origin)),
});

const toLambdaRecord = (record: StreamRecord, origin: EventOrigin): LambdaKinesisRecord => ({
  kinesis: {
    kinesisSchemaVersion: '1.0',
    partitionKey: record.partitionKey,
    sequenceNumber: record.sequenceNumber,
    data: base64(record.data),
    approximateArrivalTimestamp: record.arrivalMs / 1_000,
  },
  eventSource: 'aws:kinesis',
  eventVersion: '1.0',
  eventID: `${origin.shardId}:${record.sequenceNumber}`,
  eventName: 'aws:kinesis:record',
  invokeIdentityArn: origin.roleArn,
  awsRegion: origin.region,
  eventSourceARN: origin.streamArn,
});

const base64 = (data: Uint8Array): string =>
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');

/** `{"Records":[` and `]}`. */
export const eventEnvelopeBytes = 14;

/** Bytes that a record takes in the event's JSON, its comma included; never too few. */
export const createRecordSizer = (origin: EventOrigin): ((record: StreamRecord) => number) => {
  const empty: StreamRecord = { sequenceNumber: '', partitionKey: '', data: new Uint8Array(), arrivalMs: 0 };
  const constantBytes = Buffer.byteLength(JSON.stringify(toLambdaRecord(empty, origin))) + 1;
  const timestampDigits = 16;
  return ({ sequenceNumber, partitionKey, data }) =>
    constantBytes +
    timestampDigits +
    2 * sequenceNumber.length +
    (Buffer.byteLength(JSON.stringify(partitionKey)) - 2) +
    4 * Math.ceil(data.byteLength / 3);
};
