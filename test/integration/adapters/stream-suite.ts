import { describe, expect, it } from 'vitest';
import { compareSequenceNumbers } from '../../../lib/connectors/sequence-number.ts';
import type { PutEntry, ReadStart, Shard, StreamPort, StreamRecord } from '../../../lib/connectors/stream-port.ts';
import { uniqueName } from './unique-name.ts';

export interface StreamBackend {
  readonly streams: StreamPort;
  createStream(name: string, shards: number): Promise<void>;
  splitShard(name: string, shard: Shard, at: bigint): Promise<void>;
  mergeShards(name: string, low: Shard, high: Shard): Promise<void>;
}

const hashSpace = 2n ** 128n;

const entry = (partitionKey: string, value: string): PutEntry => ({ partitionKey, data: Buffer.from(value) });

const textOf = (records: readonly StreamRecord[]): string[] =>
  records.map((record) => Buffer.from(record.data).toString());

const emptyPagesAllowed = 50;

/** Reads until the tip or the end; a page may be empty before either. */
const readAll = async (streams: StreamPort, stream: string, shardId: string, start: ReadStart, limit = 1_000) => {
  const reader = await streams.openReader(stream, shardId, start);
  const records: StreamRecord[] = [];
  for (let empty = 0; empty < emptyPagesAllowed; ) {
    const page = await reader.next(limit);
    expect(page.records.length).toBeLessThanOrEqual(limit);
    records.push(...page.records);
    if (page.ended) return { records, ended: true };
    if (page.records.length === 0 && page.behindLatestMs === 0) return { records, ended: false };
    empty = page.records.length === 0 ? empty + 1 : 0;
  }
  throw new Error(`no tip after ${emptyPagesAllowed} empty pages`);
};

/** What every stream port does, whatever is behind it. */
export const describeStreams = (name: string, backend: () => StreamBackend): void => {
  const make = async (shards: number) => {
    const { streams, createStream } = backend();
    const stream = uniqueName('stream');
    await createStream(stream, shards);
    return { streams, stream, shards: await streams.listShards(stream) };
  };
  const only = (shards: readonly Shard[]): string => shards[0]?.shardId as string;

  describe(`${name}: streams`, () => {
    it('describes a stream', async () => {
      const beforeMs = Date.now();
      const { streams, stream } = await make(1);
      const description = await streams.describe(stream);
      expect(description).toMatchObject({ name: stream, retentionMs: 24 * 3_600_000 });
      expect(Math.abs(description.createdMs - beforeMs)).toBeLessThan(600_000);
      expect((await streams.describe(stream)).createdMs).toBe(description.createdMs);
    });

    it('cuts the hash space into shards without gap or overlap', async () => {
      const { shards } = await make(3);
      expect(shards).toHaveLength(3);
      expect(shards.map((shard) => shard.shardId)).toEqual(shards.map((shard) => shard.shardId).sort());
      const ranges = [...shards].sort((a, b) => (a.hashStart < b.hashStart ? -1 : 1));
      let next = 0n;
      for (const shard of ranges) {
        expect(shard).toMatchObject({ hashStart: next, open: true, parentShardIds: [] });
        next = shard.hashEnd + 1n;
      }
      expect(next).toBe(hashSpace);
    });

    it('names the stream that is missing', async () => {
      const { streams } = backend();
      const missing = { code: 'STREAM_NOT_FOUND', kind: 'configuration', fix: expect.any(String) };
      const calls = [
        () => streams.describe('no-such-stream'),
        () => streams.listShards('no-such-stream'),
        () => streams.openReader('no-such-stream', 'shardId-000000000000', { at: 'trim-horizon' }),
        () => streams.putRecords('no-such-stream', [entry('a', 'b')]),
      ];
      for (const call of calls) await expect(call()).rejects.toMatchObject(missing);
    });

    it('names the shard that is missing', async () => {
      const { streams, stream } = await make(1);
      await expect(streams.openReader(stream, 'shardId-000000000099', { at: 'trim-horizon' })).rejects.toMatchObject({
        code: 'LINEAGE_LOST',
      });
    });
  });

  describe(`${name}: puts`, () => {
    it('puts a record where its explicit hash key belongs', async () => {
      const { streams, stream, shards } = await make(3);
      const hashes = shards.flatMap((shard) => [shard.hashStart, shard.hashEnd]);
      const outcomes = await streams.putRecords(
        stream,
        hashes.map((hash) => ({ ...entry('same', String(hash)), explicitHashKey: String(hash) })),
      );
      const expected = shards.flatMap((shard) => [shard.shardId, shard.shardId]);
      expect(outcomes.map((outcome) => outcome.ok && outcome.shardId)).toEqual(expected);
      for (const shard of shards) {
        const { records } = await readAll(streams, stream, shard.shardId, { at: 'trim-horizon' });
        expect(textOf(records)).toEqual([String(shard.hashStart), String(shard.hashEnd)]);
      }
    });

    it('places a partition key by its MD5', async () => {
      const { streams, stream, shards } = await make(2);
      // MD5: "a" 0cc175b9…, "b" 92eb5ffe…, "c" 4a8a08f0…, "d" 8277e091…
      const outcomes = await streams.putRecords(
        stream,
        ['a', 'b', 'c', 'd'].map((key) => entry(key, key)),
      );
      const [low, high] = shards.map((shard) => shard.shardId);
      expect(outcomes.map((outcome) => outcome.ok && outcome.shardId)).toEqual([low, high, low, high]);
    });

    it('keeps the order in a shard, over several requests', async () => {
      const { streams, stream, shards } = await make(1);
      const values = Array.from({ length: 620 }, (_, i) => `v${i}`);
      const outcomes = await streams.putRecords(
        stream,
        values.map((value, i) => entry(`key-${i % 7}`, value)),
      );
      expect(outcomes).toHaveLength(620);
      const { records } = await readAll(streams, stream, only(shards), { at: 'trim-horizon' }, 200);
      expect(textOf(records)).toEqual(values);
      expect(records.map((record) => record.partitionKey)).toEqual(values.map((_, i) => `key-${i % 7}`));
      expect(records.map((record) => record.sequenceNumber)).toEqual(
        outcomes.map((outcome) => outcome.ok && outcome.sequenceNumber),
      );
      for (const [i, record] of records.entries()) {
        const previous = records[i - 1];
        if (previous === undefined) continue;
        expect(compareSequenceNumbers(previous.sequenceNumber, record.sequenceNumber)).toBeLessThan(0);
        expect(record.arrivalMs).toBeGreaterThanOrEqual(previous.arrivalMs);
      }
    });

    it('carries records of 900 KB, more of them than one request holds', async () => {
      const { streams, stream, shards } = await make(1);
      const data = Array.from({ length: 6 }, (_, i) => Buffer.alloc(900 * 1024, i + 1));
      const outcomes = await streams.putRecords(
        stream,
        data.map((data, i) => ({ partitionKey: `k${i}`, data })),
      );
      expect(outcomes.map((outcome) => outcome.ok)).toEqual(data.map(() => true));
      const { records } = await readAll(streams, stream, only(shards), { at: 'trim-horizon' });
      expect(records.map((record, i) => Buffer.compare(record.data, data[i] as Buffer))).toEqual(data.map(() => 0));
    });

    it('refuses a record of more than 1 MiB before anything is put', async () => {
      const { streams, stream, shards } = await make(1);
      const entries = [entry('a', 'small'), { partitionKey: 'b', data: Buffer.alloc(1024 * 1024) }];
      await expect(streams.putRecords(stream, entries)).rejects.toMatchObject({ code: 'RECORD_TOO_LARGE' });
      expect((await readAll(streams, stream, only(shards), { at: 'trim-horizon' })).records).toEqual([]);
    });

    it('takes no entries at all', async () => {
      const { streams, stream } = await make(1);
      expect(await streams.putRecords(stream, [])).toEqual([]);
    });
  });

  describe(`${name}: readers`, () => {
    it('starts at the horizon, after a record, at a time and at the tip', async () => {
      const { streams, stream, shards } = await make(1);
      const shardId = only(shards);
      await streams.putRecords(stream, [entry('k', 'a'), entry('k', 'b'), entry('k', 'c')]);
      const latest = await streams.openReader(stream, shardId, { at: 'latest' });
      const { records } = await readAll(streams, stream, shardId, { at: 'trim-horizon' });
      expect(textOf(records)).toEqual(['a', 'b', 'c']);
      const [first, , last] = records as [StreamRecord, StreamRecord, StreamRecord];

      const after = await readAll(streams, stream, shardId, { at: 'after', sequenceNumber: first.sequenceNumber });
      expect(textOf(after.records)).toEqual(['b', 'c']);
      const afterLast = await readAll(streams, stream, shardId, { at: 'after', sequenceNumber: last.sequenceNumber });
      expect(afterLast.records).toEqual([]);
      const since = await readAll(streams, stream, shardId, { at: 'timestamp', timestampMs: first.arrivalMs - 60_000 });
      expect(textOf(since.records)).toEqual(['a', 'b', 'c']);

      await streams.putRecords(stream, [entry('k', 'd')]);
      const seen: string[] = [];
      for (let i = 0; i < emptyPagesAllowed && seen.length === 0; i++)
        seen.push(...textOf((await latest.next(10)).records));
      expect(seen).toEqual(['d']);
    });

    it('returns empty pages at the tip, and goes on when records come', async () => {
      const { streams, stream, shards } = await make(1);
      const reader = await streams.openReader(stream, only(shards), { at: 'trim-horizon' });
      const tip = { records: [], behindLatestMs: 0, ended: false };
      expect(await reader.next(10)).toEqual(tip);
      expect(await reader.next(10)).toEqual(tip);
      await streams.putRecords(stream, [entry('k', 'a')]);
      const page = await reader.next(10);
      expect(textOf(page.records)).toEqual(['a']);
      expect(await reader.next(10)).toEqual(tip);
    });

    it('is behind until it has read the last of the records that arrived together', async () => {
      const { streams, stream, shards } = await make(1);
      await streams.putRecords(stream, [entry('k', 'a'), entry('k', 'b'), entry('k', 'c')]);
      const reader = await streams.openReader(stream, only(shards), { at: 'trim-horizon' });
      expect((await reader.next(1)).behindLatestMs).toBeGreaterThan(0);
      expect((await reader.next(1)).behindLatestMs).toBeGreaterThan(0);
      expect(textOf((await reader.next(2)).records)).toEqual(['c']);
      expect((await reader.next(1)).behindLatestMs).toBe(0);
    });

    it('returns at most as many records as asked for', async () => {
      const { streams, stream, shards } = await make(1);
      await streams.putRecords(stream, [entry('k', 'a'), entry('k', 'b'), entry('k', 'c')]);
      const { records } = await readAll(streams, stream, only(shards), { at: 'trim-horizon' }, 1);
      expect(textOf(records)).toEqual(['a', 'b', 'c']);
    });
  });

  describe(`${name}: resharding`, () => {
    it('closes a split shard, which ends, and gives its range to two children', async () => {
      const { streams, stream, shards } = await make(1);
      const parent = shards[0] as Shard;
      await streams.putRecords(stream, [entry('k', 'before')]);
      await backend().splitShard(stream, parent, hashSpace / 2n);
      const after = await streams.listShards(stream);
      const children = after.filter((shard) => shard.open);
      expect(after.find((shard) => shard.shardId === parent.shardId)?.open).toBe(false);
      expect(children.map((child) => [child.parentShardIds, child.hashStart, child.hashEnd])).toEqual([
        [[parent.shardId], 0n, hashSpace / 2n - 1n],
        [[parent.shardId], hashSpace / 2n, hashSpace - 1n],
      ]);
      await streams.putRecords(stream, [entry('a', 'low'), entry('b', 'high')]);
      const read = (shardId: string) => readAll(streams, stream, shardId, { at: 'trim-horizon' });
      const old = await read(parent.shardId);
      expect([textOf(old.records), old.ended]).toEqual([['before'], true]);
      const [low, high] = await Promise.all(children.map((child) => read(child.shardId)));
      expect([textOf(low?.records ?? []), low?.ended]).toEqual([['low'], false]);
      expect([textOf(high?.records ?? []), high?.ended]).toEqual([['high'], false]);
    });

    it('closes two merged shards and gives their range to one child of both', async () => {
      const { streams, stream, shards } = await make(2);
      const [low, high] = shards as [Shard, Shard];
      await backend().mergeShards(stream, low, high);
      const after = await streams.listShards(stream);
      const open = after.filter((shard) => shard.open);
      expect(after).toHaveLength(3);
      expect(open).toMatchObject([{ hashStart: 0n, hashEnd: hashSpace - 1n }]);
      expect([...(open[0]?.parentShardIds ?? [])].sort()).toEqual([low.shardId, high.shardId]);
    });
  });
};
