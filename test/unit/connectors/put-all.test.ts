import { describe, expect, it } from 'vitest';
import { putAll } from '../../../lib/connectors/put-all.ts';
import type { PutEntry, PutOutcome, StreamPort } from '../../../lib/connectors/stream-port.ts';

const entry = (text: string): PutEntry => ({ data: Buffer.from(text), partitionKey: text });
const random = { uniqueId: () => 'id', fraction: () => 1 };

/** A stream that turns entries away as often as `refusals` says. */
const streamOf = (refusals: Record<string, number>) => {
  const puts: string[][] = [];
  const waitsMs: number[] = [];
  const clock = {
    nowMs: () => 0,
    sleep: async (durationMs: number) => {
      waitsMs.push(durationMs);
    },
  };
  const putRecords = async (_: string, entries: readonly PutEntry[]): Promise<PutOutcome[]> => {
    puts.push(entries.map(({ partitionKey }) => partitionKey));
    return entries.map(({ partitionKey: key }) => {
      refusals[key] = (refusals[key] ?? 0) - 1;
      return refusals[key] >= 0
        ? { ok: false, code: `no ${key}` }
        : { ok: true, shardId: `shard of ${key}`, sequenceNumber: '1' };
    });
  };
  return { streams: { putRecords } as unknown as StreamPort, puts, waitsMs, clock };
};

describe('putAll', () => {
  it('puts again only what was turned away, after pauses that grow, and tells which shard took what', async () => {
    const { streams, puts, waitsMs, clock } = streamOf({ b: 2, c: 1 });
    const taken: string[] = [];
    const onTaken = ({ partitionKey }: PutEntry, shardId: string) => taken.push(`${partitionKey}: ${shardId}`);
    const all = ['a', 'b', 'c'].map(entry);
    expect(await putAll(streams, 's', all, { clock, random, onTaken })).toBeUndefined();
    expect(puts).toEqual([['a', 'b', 'c'], ['b', 'c'], ['b']]);
    expect(waitsMs).toEqual([40, 80]);
    expect(taken).toEqual(['a: shard of a', 'c: shard of c', 'b: shard of b']);
  });

  it('says in the end what is left, and why', async () => {
    const { streams, puts, clock } = streamOf({ a: 100, b: 3 });
    const refusal = await putAll(streams, 's', [entry('a'), entry('b')], { clock, random });
    expect(refusal).toEqual({ count: 1, code: 'no a' });
    expect(puts).toHaveLength(8);
  });

  it('offers nothing again where it may not', async () => {
    const { streams, puts, clock } = streamOf({ a: 1, b: 1 });
    const refusal = await putAll(streams, 's', [entry('a'), entry('b')], { clock, random, mayRetry: () => false });
    expect(refusal).toEqual({ count: 2, code: 'no a' });
    expect(puts).toEqual([['a', 'b']]);
  });

  it('asks nothing of the stream for nothing', async () => {
    const { streams, puts, clock } = streamOf({});
    expect(await putAll(streams, 's', [], { clock, random })).toBeUndefined();
    expect(puts).toEqual([]);
  });
});
