import { describe, expect, it } from 'vitest';
import { compareSequenceNumbers } from '../../../lib/connectors/sequence-number.ts';
import type { Clock } from '../../../lib/core/clock.ts';
import { MemoryStreams } from '../../../lib/memory/memory-streams.ts';

const clockAt = (startMs: number): Clock & { ms: number } => ({
  ms: startMs,
  nowMs() {
    return this.ms;
  },
  sleep: async () => undefined,
});

const put = (streams: MemoryStreams, value: string) =>
  streams.putRecords('s', [{ partitionKey: 'k', data: Buffer.from(value) }]);

const readAll = async (streams: MemoryStreams, shardId = 'shardId-000000000000') =>
  (await (await streams.openReader('s', shardId, { at: 'trim-horizon' })).next(10_000)).records;

describe('MemoryStreams', () => {
  it('stamps records with the time of its clock, and never goes back', async () => {
    const clock = clockAt(1_000);
    const streams = new MemoryStreams(clock);
    streams.createStream('s');
    await put(streams, 'a');
    clock.ms = 500;
    await put(streams, 'b');
    clock.ms = 2_000;
    await put(streams, 'c');
    expect((await readAll(streams)).map((record) => record.arrivalMs)).toEqual([1_000, 1_000, 2_000]);
  });

  it('starts a reader at the first record of a time', async () => {
    const clock = clockAt(1_000);
    const streams = new MemoryStreams(clock);
    streams.createStream('s');
    for (const ms of [1_000, 2_000, 3_000]) {
      clock.ms = ms;
      await put(streams, String(ms));
    }
    const reader = await streams.openReader('s', 'shardId-000000000000', { at: 'timestamp', timestampMs: 1_001 });
    expect((await reader.next(10)).records.map((record) => record.arrivalMs)).toEqual([2_000, 3_000]);
  });

  it('forgets records after their retention, also under an open reader', async () => {
    const clock = clockAt(0);
    const streams = new MemoryStreams(clock);
    streams.createStream('s', { retentionMs: 1_000 });
    const reader = await streams.openReader('s', 'shardId-000000000000', { at: 'trim-horizon' });
    for (let i = 0; i < 5_000; i++) await put(streams, `old ${i}`);
    clock.ms = 1_500;
    await put(streams, 'new');
    const page = await reader.next(10_000);
    expect(page.records.map((record) => Buffer.from(record.data).toString())).toEqual(['new']);
    expect(page.behindLatestMs).toBe(0);
  });

  it('drops a closed shard from the list when its retention is over', async () => {
    const clock = clockAt(0);
    const streams = new MemoryStreams(clock);
    streams.createStream('s', { retentionMs: 1_000 });
    streams.splitShard('s', 'shardId-000000000000', 5n);
    expect(await streams.listShards('s')).toHaveLength(3);
    clock.ms = 1_001;
    expect((await streams.listShards('s')).map((shard) => shard.open)).toEqual([true, true]);
    await expect(readAll(streams)).rejects.toMatchObject({ code: 'LINEAGE_LOST' });
  });

  it('numbers records upwards with gaps, and differently in a stream made again', async () => {
    const clock = clockAt(1_700_000_000_000);
    const streams = new MemoryStreams(clock);
    const numbers = async () => {
      for (let i = 0; i < 20; i++) await put(streams, 'x');
      return (await readAll(streams)).map((record) => record.sequenceNumber);
    };
    streams.createStream('s');
    const first = await numbers();
    expect(first).toEqual([...first].sort(compareSequenceNumbers));
    expect(new Set(first).size).toBe(20);
    const steps = first.slice(1).map((number, i) => BigInt(number) - BigInt(first[i] as string));
    expect(steps.some((step) => step > 1n)).toBe(true);
    for (const number of first) expect(number).toMatch(/^[1-9]\d{55}$/);
    streams.deleteStream('s');
    clock.ms += 1;
    streams.createStream('s');
    expect((await numbers()).filter((number) => first.includes(number))).toEqual([]);
  });

  it('cuts a page at 10 MB', async () => {
    const streams = new MemoryStreams(clockAt(0));
    streams.createStream('s');
    const entry = { partitionKey: 'k', data: new Uint8Array(1_000_000) };
    await streams.putRecords('s', Array(12).fill(entry));
    const reader = await streams.openReader('s', 'shardId-000000000000', { at: 'trim-horizon' });
    const page = await reader.next(10_000);
    expect(page.records).toHaveLength(10);
    expect(page.behindLatestMs).toBeGreaterThan(0);
    expect((await reader.next(10_000)).records).toHaveLength(2);
  });

  it('refuses a taken name, a count of no shards and a split outside the shard', () => {
    const streams = new MemoryStreams(clockAt(0));
    streams.createStream('s');
    const invalid = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
    expect(() => streams.createStream('s')).toThrow(invalid);
    expect(() => streams.createStream('t', { shards: 0 })).toThrow(invalid);
    expect(() => streams.splitShard('s', 'shardId-000000000000', 0n)).toThrow(invalid);
    expect(() => streams.splitShard('s', 'shardId-000000000007', 5n)).toThrow(invalid);
  });
});
