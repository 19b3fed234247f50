import { boundedOutOfOrderness, definePipeline, kinesisSink, kinesisSource, milliseconds } from 'millrace';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { readJob } from '../../../lib/commit/job.ts';
import { MillraceError } from '../../../lib/errors/millrace-error.ts';
import { MemoryItemStore } from '../../../lib/memory/memory-item-store.ts';
import { CrashWatch } from '../../../lib/runtime/crash-watch.ts';
import { listQuarantine } from '../../../lib/runtime/quarantine.ts';
import { TryCounter } from '../../../lib/runtime/try-counter.ts';
import type { ItemStore } from '../../../lib/state/item-store.ts';
import { SeededRandom } from '../../../lib/testing/seeded-random.ts';
import { type Cursor, World } from '../../support/world.ts';

const Row = z.object({ id: z.string() });

/** A process that computes the record `bomb` never comes back. */
class Killed extends Error {}

const pipelineWith = (compute: (id: string) => void) =>
  definePipeline('bombs', { quarantine: { maxFraction: 1 } }, (p) => {
    p.source(
      'in',
      kinesisSource({
        stream: 'in',
        schema: Row,
        eventTimeMs: (row) => {
          compute(row.id);
          return 0;
        },
        watermarks: boundedOutOfOrderness(milliseconds(0)),
      }),
    ).sink('out', kinesisSink({ stream: 'out', schema: Row, partitionKey: () => 'p' }));
  });

describe('a record that ends the process whenever it is computed', () => {
  it('is found by computing one record a commit, and quarantined as CRASH; all others go through', async () => {
    let die = (): void => undefined;
    const world = new World({
      pipeline: pipelineWith((id) => {
        if (id === 'bomb') die();
      }),
      seed: 1,
      shards: 1,
    });
    const ids = ['a', 'b', 'bomb', 'c', 'd'];
    await world.send(ids.map((id) => ({ partitionKey: id, data: Buffer.from(JSON.stringify({ id })) })));
    let tries = 0;
    for (let done = false; !done; ) {
      const container = world.container('in');
      // The process is gone: nothing of it reaches the world any more, not even the clearing of its count.
      die = () => {
        container.life.kill();
        throw new Killed('out of memory');
      };
      const ending = await world.deliver(world.cursors[0] as Cursor, container, 10);
      done = ending?.kind === 'done';
      expect(++tries).toBeLessThan(10);
    }
    expect(world.appended<{ id: string }>('out').map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
    const job = await readJob(world.items, 'bombs', 1);
    const quarantined = [];
    if (job !== undefined) for await (const one of listQuarantine(world, job)) quarantined.push(one);
    expect(quarantined.map(({ code, payload }) => [code, Buffer.from(payload, 'base64').toString()])).toEqual([
      ['CRASH', '{"id":"bomb"}'],
    ]);
    expect(tries).toBeGreaterThan(3);
  });

  it('is not taken for one when the sink is down, however often', async () => {
    const world = new World({ pipeline: pipelineWith(() => undefined), seed: 1, shards: 1 });
    await world.send([{ partitionKey: 'a', data: Buffer.from('{"id":"a"}') }]);
    for (let tries = 0; tries < 8; tries++) {
      const container = world.container(
        'in',
        {},
        {
          around: (call, effect) =>
            call.target.startsWith('L#') && call.writes ? Promise.reject(new Error('down')) : effect(),
        },
      );
      expect(await world.deliver(world.cursors[0] as Cursor, container, 10)).toMatchObject({ kind: 'failed' });
    }
    expect(await world.deliver(world.cursors[0] as Cursor, world.container('in'), 10)).toMatchObject({ kind: 'done' });
    expect(world.appended<{ id: string }>('out').map(({ id }) => id)).toEqual(['a']);
  });
});

const counter = (items: ItemStore, seed: number) => new TryCounter(items, 'u', new SeededRandom(seed));

describe('the count of tries', () => {
  it('grows with each process that does not come back', async () => {
    const items = new MemoryItemStore();
    for (const tries of [1, 2, 3, 4]) expect(await counter(items, tries).begin('7')).toBe(tries);
    expect(await counter(items, 9).begin('8')).toBe(1);
  });

  it('does not grow where the same process begins again, though its clearing was lost', async () => {
    const own = counter(new MemoryItemStore(), 1);
    expect([await own.begin('7'), await own.begin('7'), await own.begin('7')]).toEqual([1, 1, 1]);
  });

  it('ignores what lands when another has counted or cleared since', async () => {
    const items = new MemoryItemStore();
    const landings: (() => Promise<unknown>)[] = [];
    const late: ItemStore = {
      ...bound(items),
      put: async (item, condition) => {
        landings.push(() => items.put(item, condition));
        throw new MillraceError('retryable', 'OUTCOME_UNKNOWN', 'nobody knows');
      },
    };
    await counter(items, 1).begin('7');
    await counter(items, 2).begin('7');
    await expect(counter(late, 3).begin('7')).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await counter(items, 4).clear('7');
    for (const land of landings) await land();
    expect(await counter(items, 5).begin('7')).toBe(1);
  });
});

describe('a watch for crashes', () => {
  it('does not suspect a record that another invocation is just computing alone, after others in its batch had died', async () => {
    const items = new MemoryItemStore();
    for (const seed of [1, 2]) await counter(items, seed).begin('7');
    const [alive, beside] = [new CrashWatch(counter(items, 3)), new CrashWatch(counter(items, 4))];
    await alive.begin('7');
    await beside.begin('7');
    expect([alive, beside].map(({ isSingle, crashed }) => [isSingle, crashed.size])).toEqual([
      [true, 0],
      [true, 0],
    ]);
    const after = new CrashWatch(counter(items, 5));
    await after.begin('7');
    expect([...after.crashed]).toEqual(['7']);
  });

  it('takes back what it has counted when computing has ended, before anything else can end the process', async () => {
    const items = new MemoryItemStore();
    for (const seed of [1, 2]) await counter(items, seed).begin('7');
    const watch = new CrashWatch(counter(items, 3));
    await watch.begin('7');
    await watch.end();
    expect(await counter(items, 4).begin('7')).toBe(1);
  });
});

const bound = (items: ItemStore): ItemStore => ({
  get: (key) => items.get(key),
  getMany: (keys) => items.getMany(keys),
  query: (range) => items.query(range),
  put: (item, condition) => items.put(item, condition),
  putMany: (list) => items.putMany(list),
  deleteMany: (keys) => items.deleteMany(keys),
});
