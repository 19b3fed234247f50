import { describe, expect, test } from 'vitest';
import { createRecordSizer, eventEnvelopeBytes, toLambdaEvent } from '../../../lib/local/mapping/lambda-event.ts';

const origin = {
  shardId: 'shardId-000000000006',
  region: 'us-east-2',
  streamArn: 'arn:aws:kinesis:us-east-2:000000000000:stream/lambda-stream',
  roleArn: 'arn:aws:iam::000000000000:role/lambda-role',
};
const record = (partitionKey: string, data: Uint8Array) => ({
  sequenceNumber: '49590338271490256608559692538361571095921575989136588898',
  partitionKey,
  data,
  arrivalMs: 1_545_084_650_987,
});

describe('toLambdaEvent', () => {
  test('gives the event the shape that AWS documents', () => {
    expect(toLambdaEvent([record('1', Buffer.from('Hello, this is a test.'))], origin)).toEqual({
      Records: [
        {
          kinesis: {
            kinesisSchemaVersion: '1.0',
            partitionKey: '1',
            sequenceNumber: '49590338271490256608559692538361571095921575989136588898',
            data: 'SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==',
            approximateArrivalTimestamp: 1545084650.987,
          },
          eventSource: 'aws:kinesis',
          eventVersion: '1.0',
          eventID: 'shardId-000000000006:49590338271490256608559692538361571095921575989136588898',
          eventName: 'aws:kinesis:record',
          invokeIdentityArn: 'arn:aws:iam::000000000000:role/lambda-role',
          awsRegion: 'us-east-2',
          eventSourceARN: 'arn:aws:kinesis:us-east-2:000000000000:stream/lambda-stream',
        },
      ],
    });
  });

  test('reads only its own part of a shared buffer', () => {
    const shared = Buffer.from('xxHELLOxx');
    const event = toLambdaEvent([record('1', new Uint8Array(shared.buffer, shared.byteOffset + 2, 5))], origin);
    expect(event.Records[0]?.kinesis.data).toBe(Buffer.from('HELLO').toString('base64'));
  });
});

describe('createRecordSizer', () => {
  test.each([
    ['an empty record', '', 0],
    ['one byte', 'k', 1],
    ['a key that JSON escapes', '"\\\n', 2],
    ['a key outside ASCII', '北京', 3],
    ['a large record', 'k', 1_000_003],
  ])('is never too small and hardly too large for %s', (_name, key, size) => {
    const sizeOf = createRecordSizer(origin);
    const records = Array.from({ length: 3 }, () => record(key, new Uint8Array(size)));
    const actual = Buffer.byteLength(JSON.stringify(toLambdaEvent(records, origin)));
    const estimated = eventEnvelopeBytes + records.reduce((sum, r) => sum + sizeOf(r), 0);
    expect(estimated).toBeGreaterThanOrEqual(actual);
    expect(estimated - actual).toBeLessThan(20 * records.length);
  });
});
