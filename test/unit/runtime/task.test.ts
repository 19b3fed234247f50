import { describe, expect, it } from 'vitest';
import { MillraceError } from '../../../lib/errors/millrace-error.ts';
import { Deadline } from '../../../lib/runtime/deadline.ts';
import type { RuntimeObserver } from '../../../lib/runtime/ports.ts';
import type { Container } from '../../support/container.ts';
import { idsPipeline, type Pane } from '../../support/ids-pipeline.ts';
import { cursorOf, World } from '../../support/world.ts';

const pipeline = idsPipeline();
const HOUR_MS = 3_600_000;

const event = (id: string, at: number, key = 'k') => ({
  partitionKey: id,
  data: Buffer.from(JSON.stringify({ id, key, at })),
});

const makeWorld = () => new World({ pipeline, seed: 1, shards: 1 });

/** Sends one event and has a container process it. */
const process = async (world: World, container: Container, id: string, at: number) => {
  await world.send([event(id, at)]);
  return world.deliver(cursorOf(world, 'in'), container, 100);
};

const done = { kind: 'done', next: undefined };

describe('a container whose cache is old', () => {
  it('takes what others have processed since for no gap', async () => {
    const world = makeWorld();
    const [a, b] = [world.container('in'), world.container('in')];
    expect(await process(world, a, 'e1', 1)).toEqual(done);
    expect(await process(world, b, 'e2', 2)).toEqual(done);
    world.clock.advance(HOUR_MS);
    expect(await process(world, a, 'e3', 3)).toEqual(done);
  });

  it('reads nothing when it comes back soon and nobody else was there', async () => {
    const requests: { operation: string }[] = [];
    const world = new World({ pipeline, seed: 1, shards: 1, requests: requests as never });
    const a = world.container('in');
    await process(world, a, 'e1', 1);
    requests.length = 0;
    world.clock.advance(30_000);
    await process(world, a, 'e2', 2);
    expect(requests.map(({ operation }) => operation)).toEqual(['put']);
  });
});

describe('a batch that does not follow what was processed', () => {
  const skipOne = async (world: World): Promise<void> => {
    await world.send([event('lost', 2)]);
    const cursor = cursorOf(world, 'in');
    cursor.after = (await world.nextBatch(cursor, 1))[0]?.sequenceNumber;
  };

  it.each(['the container that was there before', 'a cold one'])('is a GAP to %s', async (who) => {
    const world = makeWorld();
    const a = world.container('in');
    await process(world, a, 'e1', 1);
    world.clock.advance(HOUR_MS);
    await skipOne(world);
    const ending = await process(world, who === 'a cold one' ? world.container('in') : a, 'e3', 3);
    expect(ending).toMatchObject({ kind: 'failed', error: { code: 'GAP', kind: 'operator' } });
  });

  it('is a GAP even where a tick looked at the shard a moment ago', async () => {
    const world = makeWorld();
    const a = world.container('in');
    await process(world, a, 'e1', 1);
    world.clock.advance(HOUR_MS);
    await skipOne(world);
    await a.runtime.tick({ nowMs: world.clock.nowMs() }, Deadline.in(world.clock, 1_000));
    expect(await process(world, a, 'e3', 3)).toMatchObject({ kind: 'failed', error: { code: 'GAP' } });
  });
});

describe('a part of a batch that a mapping takes for the whole, as ReportBatchItemFailures was switched off by hand', () => {
  it('is a GAP to the container that said where to go on', async () => {
    const world = makeWorld();
    const a = world.container('in');
    await world.send([event('e1', 1), event('e2', 2)]);
    const cursor = cursorOf(world, 'in');
    const batch = await world.nextBatch(cursor, 10);
    await a.runtime.processBatch(cursor.shardId, batch.slice(0, 1), Deadline.in(world.clock, 1_000));
    const next = await a.runtime.processBatch(cursor.shardId, batch, Deadline.in(world.clock, 0));
    expect(next).toBe(batch[1]?.sequenceNumber);
    cursor.after = next;
    expect(await process(world, a, 'e3', 3)).toMatchObject({ kind: 'failed', error: { code: 'GAP' } });
  });
});

describe('a tick', () => {
  const DAY_MS = 24 * HOUR_MS;
  const tick = (world: World, container: Container) =>
    container.runtime.tick({ nowMs: world.clock.nowMs() }, Deadline.in(world.clock, 1_000));

  it('renews the knowledge that a shard is empty, so that a quiet month is no gap', async () => {
    const world = makeWorld();
    const a = world.container('in');
    await process(world, a, 'e1', 1);
    for (let day = 0; day < 30; day++) {
      world.clock.advance(DAY_MS / 2);
      expect(await tick(world, a)).toBe(1);
    }
    expect(await process(world, world.container('in'), 'e2', 2)).toEqual(done);
  });

  it('throws GAP where records may have come and expired since anybody looked', async () => {
    const world = makeWorld();
    const a = world.container('in');
    await process(world, a, 'e1', 1);
    world.clock.advance(2 * DAY_MS);
    await expect(tick(world, a)).rejects.toMatchObject({ code: 'GAP' });
    await expect(tick(world, a)).rejects.toMatchObject({ code: 'GAP' });
  });

  it('commits nothing where nothing has changed, and nothing where records wait', async () => {
    const world = makeWorld();
    const a = world.container('in');
    await process(world, a, 'e1', 1);
    expect(await tick(world, a)).toBe(0);
    await world.send([event('e2', 2)]);
    world.clock.advance(DAY_MS / 2);
    expect(await tick(world, a)).toBe(0);
  });

  it('ends when all its shards have, though one of them fails at once', async () => {
    const world = new World({ pipeline, seed: 1, shards: 2 });
    let failed = false;
    const a = world.container(
      'in',
      {},
      {
        around: async (call, effect) => {
          if (call.target === 'S' && call.operation === 'get' && !failed) {
            failed = true;
            throw new Error('down');
          }
          return effect();
        },
      },
    );
    await expect(tick(world, a)).rejects.toThrow('down');
    await expect(tick(world, a)).resolves.toBeTypeOf('number');
  });
});

describe('an invocation whose time is up', () => {
  it('leaves the timers of what it computed to be fired by the next one', async () => {
    const world = makeWorld();
    const source = world.container('in');
    const keyed = world.container('by-key');
    const packets = cursorOf(world, 'by-key');
    await process(world, source, 'e1', 0);
    await process(world, source, 'e2', 60_000);
    const batch = await world.nextBatch(packets, 10);
    expect(batch).toHaveLength(2);
    await keyed.runtime.processBatch(packets.shardId, batch.slice(0, 1), Deadline.in(world.clock, 1_000));
    const next = await keyed.runtime.processBatch(packets.shardId, batch, Deadline.in(world.clock, 0));
    expect(next).toBe(batch[1]?.sequenceNumber);
    await keyed.runtime.processBatch(packets.shardId, batch.slice(1), Deadline.in(world.clock, 1_000));
    expect(world.appended<Pane>('fired').map(({ ids }) => ids)).toEqual([['e1']]);
  });

  it('commits nothing, and says that the batch has to come again', async () => {
    const world = makeWorld();
    await world.send([event('e1', 1)]);
    const cursor = cursorOf(world, 'in');
    const batch = await world.nextBatch(cursor, 10);
    const container = world.container('in');
    await expect(
      container.runtime.processBatch(cursor.shardId, batch, Deadline.in(world.clock, 0)),
    ).rejects.toMatchObject({ code: 'DEADLINE', kind: 'retryable' });
    expect(await world.deliver(cursor, container, 10)).toEqual(done);
  });
});

describe('a write whose outcome is unknown', () => {
  it.each(['happened', 'did not happen'])(
    'is found out by the next try in the same container when it %s',
    async (what) => {
      const world = makeWorld();
      const source = world.container('in');
      const packets = cursorOf(world, 'by-key');
      let armed = false;
      const keyed = world.container(
        'by-key',
        {},
        {
          around: async (call, effect) => {
            if (!armed || call.operation !== 'put' || !call.target.startsWith('L#')) return effect();
            armed = false;
            if (what === 'happened') await effect();
            throw new MillraceError('retryable', 'OUTCOME_UNKNOWN', 'no answer');
          },
        },
      );
      await process(world, source, 'e1', 0);
      expect(await world.deliver(packets, keyed, 10)).toEqual(done);
      await process(world, source, 'e2', 60_000);
      armed = true;
      expect(await world.deliver(packets, keyed, 10)).toMatchObject({
        kind: 'failed',
        error: { code: 'OUTCOME_UNKNOWN' },
      });
      expect(world.appended('fired')).toEqual([]);
      expect(await world.deliver(packets, keyed, 10)).toEqual(done);
      expect(world.appended<Pane>('fired').map(({ ids }) => ids)).toEqual([['e1']]);
    },
  );
});

describe('commits', () => {
  it('are one for each batch, however many records were counted before', { timeout: 30_000 }, async () => {
    const world = makeWorld();
    const commits: number[] = [];
    const observer: RuntimeObserver = { committed: ({ recordCount }) => commits.push(recordCount) };
    const container = world.container('in', observer);
    for (let batch = 0; batch < 2; batch++) {
      await world.send(Array.from({ length: 5_100 }, (_, i) => event(`e${batch}-${i}`, i)));
      expect(await world.deliver(cursorOf(world, 'in'), container, 10_000)).toEqual(done);
    }
    expect(commits).toEqual([5_100, 5_100]);
  });

  it('of two invocations at once in one container are refused by name', async () => {
    const world = makeWorld();
    await world.send([event('e1', 1)]);
    const cursor = cursorOf(world, 'in');
    const batch = await world.nextBatch(cursor, 10);
    const { runtime } = world.container('in');
    const [first, second] = await Promise.allSettled([
      runtime.processBatch(cursor.shardId, batch, Deadline.in(world.clock, 1_000)),
      runtime.processBatch(cursor.shardId, batch, Deadline.in(world.clock, 1_000)),
    ]);
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'CONCURRENT_INVOCATION' } });
  });
});
