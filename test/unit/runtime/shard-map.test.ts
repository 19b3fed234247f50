import { describe, expect, it } from 'vitest';
import type { Shard, StreamPort } from '../../../lib/connectors/stream-port.ts';
import { explicitHashKeyOf, partitionsOf, ShardMap } from '../../../lib/runtime/shard-map.ts';

const SPACE = 1n << 128n;

const shard = (i: number, hashStart: bigint, hashEnd: bigint, open = true): Shard => ({
  shardId: `s${i}`,
  parentShardIds: [],
  hashStart,
  hashEnd,
  open,
});

const mapOf = (shards: readonly Shard[]) =>
  new ShardMap({ listShards: async () => shards } as unknown as StreamPort, 64);

describe('ShardMap', () => {
  it('gives every partition to the open shard in which it begins', async () => {
    const cut = SPACE / 3n;
    const shards = [shard(0, 0n, cut - 1n), shard(1, cut, SPACE - 1n), shard(2, 0n, SPACE - 1n, false)];
    const map = await mapOf(shards).load('s');
    expect(map.map(({ shardId, range }) => [shardId, range])).toEqual([
      ['s0', { from: 0, to: 21 }],
      ['s1', { from: 22, to: 63 }],
    ]);
    for (const { shardId, range } of map) {
      const owner = shards.find((one) => one.shardId === shardId) as Shard;
      for (const lp of [range.from, range.to]) {
        const hash = BigInt(explicitHashKeyOf(lp, 64));
        expect(hash >= owner.hashStart && hash <= owner.hashEnd).toBe(true);
      }
    }
  });

  it('leaves out a shard too small to own a partition', async () => {
    const shards = [shard(0, 0n, SPACE - 3n), shard(1, SPACE - 2n, SPACE - 1n)];
    expect(partitionsOf(shards[1] as Shard, 64)).toBeUndefined();
    expect((await mapOf(shards).load('s')).map(({ shardId }) => shardId)).toEqual(['s0']);
  });

  it.each([
    ['a hole', [shard(0, 0n, SPACE / 2n - 1n)]],
    ['a hole at the start', [shard(0, SPACE / 2n, SPACE - 1n)]],
    ['two owners', [shard(0, 0n, SPACE - 1n), shard(1, SPACE / 2n, SPACE - 1n)]],
    ['nothing open', [shard(0, 0n, SPACE - 1n, false)]],
  ])('refuses a listing with %s: packets for it would go to nobody', async (_, shards) => {
    await expect(mapOf(shards).load('s')).rejects.toMatchObject({ code: 'STREAM_UNAVAILABLE', kind: 'retryable' });
  });
});
