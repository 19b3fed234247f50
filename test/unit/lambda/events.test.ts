import { describe, expect, it } from 'vitest';
import { parseEvent } from '../../../lib/lambda/events.ts';
import { toLambdaEvent } from '../../../lib/local/mapping/lambda-event.ts';

const origin = { shardId: 'shardId-000000000003', region: 'us-east-1', streamArn: 'arn:stream', roleArn: 'arn:role' };
const record = (sequenceNumber: string) => ({
  sequenceNumber,
  partitionKey: 'key',
  data: Uint8Array.of(0, 255, 7),
  arrivalMs: 1_700_000_000_123,
});

const kinesisRecord = (eventID: string) => ({ eventID, kinesis: { sequenceNumber: '1', data: '' } });

describe('parseEvent', () => {
  it('reads a Kinesis batch: shard, positions, bytes and arrival times', () => {
    const records = [record('4951'), record('4952')];
    const parsed = parseEvent(JSON.parse(JSON.stringify(toLambdaEvent(records, origin))), 0);
    expect(parsed).toMatchObject({ kind: 'batch', shardId: 'shardId-000000000003' });
    const read = parsed.kind === 'batch' ? parsed.records : [];
    expect(
      read.map(({ sequenceNumber, partitionKey, data, arrivalMs }) => ({
        sequenceNumber,
        partitionKey,
        data,
        arrivalMs,
      })),
    ).toEqual(records.map(({ data, ...rest }) => ({ ...rest, data: Buffer.from(data) })));
    expect(read.map(({ base64 }) => base64)).toEqual(['AP8H', 'AP8H']);
  });

  it('reads a tick, with its own time and without', () => {
    expect(parseEvent({ millrace: 'tick' }, 5)).toEqual({ kind: 'tick', tick: { nowMs: 5 } });
    expect(parseEvent({ millrace: 'tick', nowMs: 7, watermarkMs: 6 }, 5)).toEqual({
      kind: 'tick',
      tick: { nowMs: 7, watermarkMs: 6 },
    });
  });

  it('refuses records of two shards', () => {
    const { Records: first } = toLambdaEvent([record('1')], origin);
    const { Records: second } = toLambdaEvent([record('2')], { ...origin, shardId: 'shardId-000000000004' });
    expect(() => parseEvent({ Records: [...first, ...second] }, 0)).toThrow(/records of 2 shards/);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'tick'],
    ['an API request', { httpMethod: 'GET' }],
    ['an empty batch', { Records: [] }],
    ['a record that names no shard', { Records: [kinesisRecord('shardId-0:1'), kinesisRecord('1')] }],
    ['records of a queue', { Records: [{ eventSource: 'aws:sqs', body: '{}' }] }],
    ['a tick at no time', { millrace: 'tick', nowMs: 'now' }],
  ])('refuses %s', (_what, event) => {
    expect(() => parseEvent(event, 0)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT', kind: 'input' }));
  });
});
