import { describe, expect, it } from 'vitest';
import { deaggregate } from '../../../lib/connectors/kpl/deaggregate.ts';
import { withinShard } from '../../../lib/connectors/kpl/shard-range.ts';
import type { PutEntry, PutOutcome } from '../../../lib/connectors/stream-port.ts';
import { SourceWriter } from '../../../lib/local/deployment/source-writer.ts';
import { MemoryStreams } from '../../../lib/memory/memory-streams.ts';

const clock = { nowMs: () => 0, sleep: async () => undefined };

const newStreams = () => {
  const streams = new MemoryStreams(clock);
  streams.createStream('orders', { shards: 2 });
  return streams;
};

const readShards = async (streams: MemoryStreams) =>
  Promise.all(
    (await streams.listShards('orders')).map(async (shard) => {
      const reader = await streams.openReader('orders', shard.shardId, { at: 'trim-horizon' });
      return { shard, records: (await reader.next(10_000)).records };
    }),
  );

describe('SourceWriter', () => {
  it('puts values as JSON and bytes as they are', async () => {
    const streams = newStreams();
    const writer = new SourceWriter(streams, 'orders', 'none', clock);
    await writer.put([{ id: 1 }, Uint8Array.of(0xff)], { partitionKeyOf: () => 'one shard' });
    const records = (await readShards(streams)).flatMap((read) => read.records);
    expect(records.map(({ data }) => Buffer.from(data).toString('latin1'))).toEqual(['{"id":1}', '\u00ff']);
  });

  it('spreads records over the shards', async () => {
    const streams = newStreams();
    await new SourceWriter(streams, 'orders', 'none', clock).put(Array.from({ length: 100 }, (_, i) => i));
    for (const { records } of await readShards(streams)) expect(records.length).toBeGreaterThan(20);
  });

  it('aggregates where the source says so, each shard for itself', async () => {
    const streams = newStreams();
    await new SourceWriter(streams, 'orders', 'kpl', clock).put(Array.from({ length: 100 }, (_, i) => i));
    const values: number[] = [];
    for (const { shard, records } of await readShards(streams)) {
      expect(records).toHaveLength(1);
      for (const user of records.flatMap((record) => deaggregate(record) ?? [])) {
        expect(withinShard(user, shard.hashStart, shard.hashEnd)).toBe(true);
        values.push(Number(Buffer.from(user.data).toString()));
      }
    }
    expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });

  it.each(['kpl', 'kinesis-aggregation'] as const)(
    'sends each record to readers once when the stream was resharded, aggregated for %s',
    async (aggregation) => {
      const streams = newStreams();
      const writer = new SourceWriter(streams, 'orders', aggregation, clock);
      await writer.put([0]);
      streams.splitShard('orders', 'shardId-000000000000', 2n ** 126n);
      streams.mergeShards('orders', 'shardId-000000000003', 'shardId-000000000001');
      await writer.put(Array.from({ length: 99 }, (_, i) => i + 1));
      const values: number[] = [];
      for (const { shard, records } of await readShards(streams)) {
        for (const user of records.flatMap((record) => deaggregate(record) ?? [{ ...record, subSequenceNumber: 0 }])) {
          const keeps = aggregation === 'kinesis-aggregation' || withinShard(user, shard.hashStart, shard.hashEnd);
          if (keeps) values.push(Number(Buffer.from(user.data).toString()));
        }
      }
      expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    },
  );

  it('puts again what the stream refused, and only that', async () => {
    const streams = newStreams();
    let refusals = 3;
    const refusing = Object.assign(Object.create(streams) as MemoryStreams, {
      putRecords: async (stream: string, entries: readonly PutEntry[]): Promise<readonly PutOutcome[]> => {
        if (refusals-- <= 0) return streams.putRecords(stream, entries);
        const [first, ...rest] = entries;
        const outcomes = await streams.putRecords(stream, rest);
        return first === undefined ? [] : [{ ok: false, code: 'ProvisionedThroughputExceededException' }, ...outcomes];
      },
    });
    await new SourceWriter(refusing, 'orders', 'none', clock).put([1, 2, 3]);
    const records = (await readShards(streams)).flatMap((read) => read.records);
    expect(records.map(({ data }) => Buffer.from(data).toString()).sort()).toEqual(['1', '2', '3']);
  });

  it('gives up in the end', async () => {
    const streams = newStreams();
    const refusing = Object.assign(Object.create(streams) as MemoryStreams, {
      putRecords: async (_stream: string, entries: readonly PutEntry[]): Promise<readonly PutOutcome[]> =>
        entries.map(() => ({ ok: false, code: 'InternalFailure' })),
    });
    await expect(new SourceWriter(refusing, 'orders', 'none', clock).put([1])).rejects.toMatchObject({
      code: 'STREAM_UNAVAILABLE',
    });
  });
});
