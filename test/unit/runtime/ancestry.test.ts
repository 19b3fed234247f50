import { describe, expect, it } from 'vitest';
import type { Shard, StreamPort } from '../../../lib/connectors/stream-port.ts';
import { MemoryStreams } from '../../../lib/memory/memory-streams.ts';
import { Ancestry } from '../../../lib/runtime/ancestry.ts';
import { ManualClock } from '../../../lib/testing/manual-clock.ts';

const RETENTION_MS = 3_600_000;
const [PARENT, LEFT] = ['shardId-000000000000', 'shardId-000000000001'];

/** One shard that was split, and a listing from before that. */
const split = async () => {
  const clock = new ManualClock(1_000);
  const streams = new MemoryStreams(clock);
  streams.createStream('s', { shards: 1, retentionMs: RETENTION_MS });
  const before = await streams.listShards('s');
  streams.splitShard('s', PARENT, 2n ** 127n);
  return { clock, streams, before };
};

const listing = (answers: readonly (readonly Shard[])[]): StreamPort => {
  let calls = 0;
  return { listShards: async () => answers[Math.min(calls++, answers.length - 1)] } as unknown as StreamPort;
};

describe('the ancestry of shards', () => {
  it('waits for a listing that shows what was delivered, and the children of what has ended', async () => {
    const { before } = await split();
    const old = new Ancestry(listing([before]), 's', undefined);
    await expect(old.find(LEFT)).rejects.toMatchObject({ code: 'STREAM_UNAVAILABLE', kind: 'retryable' });
    await expect(old.childrenOf(before[0] as Shard)).rejects.toMatchObject({ code: 'STREAM_UNAVAILABLE' });
  });

  it('waits where the listing that lacks a parent lacks the child too', async () => {
    const { streams } = await split();
    const child = (await streams.listShards('s'))[1] as Shard;
    const old = new Ancestry(listing([[]]), 's', undefined);
    await expect(old.parentsOf(child)).rejects.toMatchObject({ code: 'STREAM_UNAVAILABLE' });
  });

  it('calls the lineage lost where a parent has left the listing of its child', async () => {
    const { clock, streams } = await split();
    const child = (await streams.listShards('s'))[1] as Shard;
    clock.advance(2 * RETENTION_MS);
    await expect(new Ancestry(streams, 's', undefined).parentsOf(child)).rejects.toMatchObject({
      code: 'LINEAGE_LOST',
    });
  });
});
