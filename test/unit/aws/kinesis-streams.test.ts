import type { KinesisClient } from '@aws-sdk/client-kinesis';
import { describe, expect, it } from 'vitest';
import { KinesisSinkWriter } from '../../../lib/aws/kinesis-sink-writer.ts';
import { KinesisStreams } from '../../../lib/aws/kinesis-streams.ts';
import type { PutEntry, PutOutcome, StreamPort } from '../../../lib/connectors/stream-port.ts';
import { MillraceError } from '../../../lib/errors/millrace-error.ts';

// biome-ignore lint/suspicious/noExplicitAny: the inputs of different commands, looked at loosely
type Answer = (name: string, input: any, index: number) => unknown;

const fakeClient = (answer: Answer) => {
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const calls: { readonly name: string; readonly input: any }[] = [];
  const send = async (command: { readonly constructor: { readonly name: string }; readonly input: unknown }) => {
    calls.push({ name: command.constructor.name, input: command.input });
    return answer(command.constructor.name, command.input, calls.length - 1);
  };
  return { calls, client: { send } as unknown as KinesisClient };
};

const expired = () => Object.assign(new Error('expired'), { name: 'ExpiredIteratorException' });
const clock = { nowMs: () => 1_234, sleep: async () => undefined };
const open = (client: KinesisClient, at: 'latest' | 'trim-horizon') =>
  new KinesisStreams({ client, clock }).openReader('s', 'shardId-000000000000', { at });

describe('KinesisStreams', () => {
  it('renews an expired iterator after the last record it returned', async () => {
    let fail = false;
    const { calls, client } = fakeClient((name) => {
      if (name === 'GetShardIteratorCommand') return { ShardIterator: 'it' };
      if (fail) {
        fail = false;
        throw expired();
      }
      return { Records: [{ SequenceNumber: '41' }, { SequenceNumber: '42' }], NextShardIterator: 'it' };
    });
    const reader = await open(client, 'trim-horizon');
    await reader.next(10);
    fail = true;
    await reader.next(10);
    const iterators = calls.filter((call) => call.name === 'GetShardIteratorCommand').map((call) => call.input);
    expect(iterators).toMatchObject([
      { ShardIteratorType: 'TRIM_HORIZON' },
      { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: '42' },
    ]);
  });

  it('renews an iterator at the tip from the time it was opened, so that nothing between is skipped', async () => {
    const { calls, client } = fakeClient((name, _, index) => {
      if (name === 'GetShardIteratorCommand') return { ShardIterator: 'it' };
      if (index === 1) throw expired();
      return { Records: [], NextShardIterator: 'it', MillisBehindLatest: 0 };
    });
    await (await open(client, 'latest')).next(10);
    expect(calls[2]?.input).toMatchObject({ ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date(1_234) });
  });

  it('lists all pages of shards in the order of their ids', async () => {
    const shard = (id: number) => ({ ShardId: `shardId-00000000000${id}`, HashKeyRange: { StartingHashKey: '0' } });
    const { calls, client } = fakeClient((_, input) =>
      input.NextToken === undefined ? { Shards: [shard(2)], NextToken: 'more' } : { Shards: [shard(1)] },
    );
    const shards = await new KinesisStreams({ client }).listShards('s');
    expect(shards.map((one) => one.shardId)).toEqual(['shardId-000000000001', 'shardId-000000000002']);
    expect(calls.map((call) => call.input)).toEqual([{ StreamName: 's' }, { NextToken: 'more' }]);
  });

  it('cuts requests at 500 records and at 5 MiB, and returns one outcome for each entry', async () => {
    const { calls, client } = fakeClient((_, input) => ({
      Records: input.Records.map((record: { PartitionKey: string }) =>
        record.PartitionKey === 'bad' ? { ErrorCode: 'InternalFailure' } : { ShardId: 'x', SequenceNumber: '1' },
      ),
    }));
    const streams = new KinesisStreams({ client });
    const small = (partitionKey: string): PutEntry => ({ partitionKey, data: new Uint8Array(1) });
    const big: PutEntry = { partitionKey: 'big', data: new Uint8Array(1024 * 1024 - 3) };
    const entries = [...Array<PutEntry>(501).fill(small('k')), ...Array<PutEntry>(6).fill(big), small('bad')];
    const outcomes = await streams.putRecords('s', entries);
    expect(calls.map((call) => call.input.Records.length)).toEqual([500, 5, 3]);
    expect(outcomes.map((outcome) => outcome.ok)).toEqual([...Array(507).fill(true), false]);
    expect(outcomes.at(-1)).toEqual({ ok: false, code: 'InternalFailure' });
  });
});

describe('KinesisSinkWriter', () => {
  const row = (value: unknown) => ({
    value,
    version: { incarnation: 1, n: 1, index: 0 },
    lp: 0,
    unit: 'u',
    outputId: 'u/1/0',
    eventTimeMs: 0,
  });
  const random = { uniqueId: () => 'id', fraction: () => 1 };

  const writerOver = (put: (entries: readonly PutEntry[]) => readonly PutOutcome[], idField: string | undefined) => {
    const sent: string[][] = [];
    const putRecords = async (_: string, entries: readonly PutEntry[]) => {
      sent.push(entries.map((entry) => Buffer.from(entry.data).toString()));
      return put(entries);
    };
    const streams = { putRecords } as unknown as StreamPort;
    return { sent, writer: new KinesisSinkWriter({ streams, stream: 's', idField, clock, random }) };
  };
  const taken = (): PutOutcome => ({ ok: true, shardId: 'x', sequenceNumber: '1' });
  const refused = (): PutOutcome => ({ ok: false, code: 'ProvisionedThroughputExceededException' });

  it('sends the JSON with the id in objects, and as it is otherwise', async () => {
    const { sent, writer } = writerOver((entries) => entries.map(taken), '_id');
    await writer.write([row({ a: 1 }), row(7), row([1]), row(null)]);
    expect(sent).toEqual([['{"a":1,"_id":"u/1/0"}', '7', '[1]', 'null']]);
    const without = writerOver((entries) => entries.map(taken), undefined);
    await without.writer.write([row({ a: 1 })]);
    expect(without.sent).toEqual([['{"a":1}']]);
  });

  it('refuses a value that has the field of the id', async () => {
    const { writer } = writerOver((entries) => entries.map(taken), '_id');
    await expect(writer.write([row({ _id: 'mine' })])).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  });

  it('sends again only what was turned away', async () => {
    let tries = 0;
    const { sent, writer } = writerOver(
      (entries) => entries.map((_, i) => (tries++ === 0 && i === 0 ? refused() : taken())),
      undefined,
    );
    await writer.write([row('a'), row('b')]);
    expect(sent).toEqual([['"a"', '"b"'], ['"a"']]);
  });

  it('gives up after a bounded number of tries', async () => {
    const { sent, writer } = writerOver((entries) => entries.map(refused), undefined);
    await expect(writer.write([row('a')])).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE', kind: 'retryable' });
    expect(sent).toHaveLength(8);
  });

  it('sends once where nothing may be sent twice, and counts what was not taken', async () => {
    const counts: number[] = [];
    const context = { remainingMs: 1_000, onUnsent: (count: number) => counts.push(count) };
    const { sent, writer } = writerOver((entries) => entries.map((_, i) => (i === 1 ? taken() : refused())), undefined);
    await writer.write([row('a'), row('b'), row('c')], context);
    expect([sent, counts]).toEqual([[['"a"', '"b"', '"c"']], [2]]);
  });

  it('is unavailable when the stream is, and says so when it is missing', async () => {
    const failing = (error: MillraceError) =>
      writerOver(() => {
        throw error;
      }, undefined).writer.write([row('a')]);
    const unavailable = new MillraceError('retryable', 'STREAM_UNAVAILABLE', 'no answer');
    await expect(failing(unavailable)).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE' });
    const missing = new MillraceError('configuration', 'STREAM_NOT_FOUND', 'no stream');
    await expect(failing(missing)).rejects.toBe(missing);
  });
});
