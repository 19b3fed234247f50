import { beforeEach, describe, expect, it } from 'vitest';
import { Deadline } from '../../../lib/runtime/deadline.ts';
import type { SkipScope } from '../../../lib/runtime/skip.ts';
import { StageRepairs } from '../../../lib/runtime/stage-repairs.ts';
import type { Container } from '../../support/container.ts';
import { idsPipeline, type Pane } from '../../support/ids-pipeline.ts';
import { quarantined } from '../../support/quarantined.ts';
import { cursorOf, World } from '../../support/world.ts';

const pipeline = idsPipeline();
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let world: World;

beforeEach(() => {
  world = new World({ pipeline, seed: 1, shards: 1 });
});

const send = (...ids: string[]) =>
  world.send(ids.map((id) => ({ partitionKey: id, data: Buffer.from(JSON.stringify({ id, key: 'k', at: 1 })) })));

const process = async (container: Container, stage = 'in') => world.deliver(cursorOf(world, stage), container, 100);

/** The mapping goes on behind the next `count` records, as if it had been made anew. */
const overlook = async (count: number, stage = 'in') => {
  const cursor = cursorOf(world, stage);
  const batch = await world.nextBatch(cursor, count);
  cursor.after = batch.at(-1)?.sequenceNumber;
  return batch.map(({ sequenceNumber }) => sequenceNumber);
};

const skip = (container: Container, scope: SkipScope, mode?: 'preview', stage = 'in') =>
  new StageRepairs(container.runtime.repaired).skipRecords(
    cursorOf(world, stage).shardId,
    { scope, reason: 'the mapping was made anew', by: 'ann', nowMs: world.clock.nowMs() },
    Deadline.in(world.clock, 60_000),
    mode,
  );

const done = { kind: 'done', next: undefined };
const gap = { kind: 'failed', error: { code: 'GAP' } };

/** Ids in all panes, once the input has ended. */
const countedIds = async (): Promise<string[]> => {
  await world.endInput(world.container('in'));
  for (const { stage } of world.cursors.filter((cursor) => cursor.stage !== 'in'))
    await process(world.container(stage), stage);
  return world.appended<Pane>('fired').flatMap(({ ids }) => ids);
};

describe('skipping records that the mapping left out', () => {
  let missing: string[];

  beforeEach(async () => {
    await send('a');
    await process(world.container('in'));
    await send('b', 'c');
    missing = await overlook(2);
    await send('d');
    expect(await process(world.container('in'))).toMatchObject(gap);
  });

  const next = async () => (await world.nextBatch(cursorOf(world, 'in'), 1))[0]?.sequenceNumber as string;

  it('lets the shard go on with the next one, and keeps them in quarantine', async () => {
    const summary = await skip(world.container('in'), { kind: 'until', sequenceNumber: await next() });
    expect(summary).toMatchObject({ recordCount: 2, expired: false, complete: true, commits: 1 });
    expect(summary.last?.sequenceNumber).toBe(missing[1]);
    expect(await process(world.container('in'))).toEqual(done);
    expect(await countedIds()).toEqual(['a', 'd']);
    const [decision, b, c] = await quarantined(world);
    expect([decision, b, c].map((record) => record?.code)).toEqual(['SKIPPED', 'SKIPPED', 'SKIPPED']);
    expect(decision).toMatchObject({ message: 'the mapping was made anew', payloadKind: 'decision' });
    expect(JSON.parse(decision?.payload as string)).toMatchObject({
      through: missing[1],
      records: 2,
      expired: false,
      by: 'ann',
      atMs: world.clock.nowMs(),
    });
    expect([b, c].map((record) => JSON.parse(Buffer.from(record?.payload ?? '', 'base64').toString()).id)).toEqual([
      'b',
      'c',
    ]);
  });

  it('drops them when they are delivered after all', async () => {
    await skip(world.container('in'), { kind: 'until', sequenceNumber: await next() });
    cursorOf(world, 'in').after = undefined;
    expect(await process(world.container('in'))).toEqual(done);
    expect(await countedIds()).toEqual(['a', 'd']);
  });

  it('can stop before all of them', async () => {
    await skip(world.container('in'), { kind: 'through', sequenceNumber: missing[0] as string });
    expect(await process(world.container('in'))).toMatchObject(gap);
    cursorOf(world, 'in').after = undefined;
    expect(await process(world.container('in'))).toEqual(done);
    expect(await countedIds()).toEqual(['a', 'c', 'd']);
  });

  it('writes nothing when it is only looked at', async () => {
    const summary = await skip(world.container('in'), { kind: 'until', sequenceNumber: await next() }, 'preview');
    expect(summary).toMatchObject({ recordCount: 2, commits: 0 });
    expect(await process(world.container('in'))).toMatchObject(gap);
    expect(await quarantined(world)).toEqual([]);
  });

  it('fences a container that was at work on them', async () => {
    cursorOf(world, 'in').after = undefined;
    const batch = await world.nextBatch(cursorOf(world, 'in'), 10);
    const frozen = Promise.withResolvers<void>();
    const thawed = Promise.withResolvers<void>();
    const zombie = world.container('in', {
      step: (step) => {
        if (step === 'computed') frozen.resolve();
        return step === 'computed' ? thawed.promise : undefined;
      },
    });
    const late = zombie.run((runtime, deadline) =>
      runtime.processBatch(cursorOf(world, 'in').shardId, batch, deadline),
    );
    await frozen.promise;
    await skip(world.container('in'), { kind: 'through', sequenceNumber: missing[1] as string });
    thawed.resolve();
    expect(await late).toEqual(done);
    expect(await countedIds()).toEqual(['a', 'd']);
  });

  it('takes as many commits as there are records for', async () => {
    await send(...Array.from({ length: 1_200 }, (_, i) => `m${i}`), 'z');
    const last = (await world.nextBatch(cursorOf(world, 'in'), 10_000)).at(-1)?.sequenceNumber as string;
    const summary = await skip(world.container('in'), { kind: 'until', sequenceNumber: last });
    expect(summary).toMatchObject({ recordCount: 1_203, commits: 3, complete: true });
    cursorOf(world, 'in').after = undefined;
    expect(await process(world.container('in'))).toEqual(done);
    cursorOf(world, 'in').after = summary.last?.sequenceNumber;
    expect(await process(world.container('in'))).toEqual(done);
    expect(await countedIds()).toEqual(['a', 'z']);
    expect(await quarantined(world)).toHaveLength(1_203 + 3);
  });
});

describe('skipping what has expired', () => {
  it('lets the shard go on with what is left', async () => {
    await send('a');
    await process(world.container('in'));
    await send('lost');
    world.clock.advance(2 * DAY_MS);
    await send('b');
    expect(await process(world.container('in'))).toMatchObject(gap);
    const summary = await skip(world.container('in'), { kind: 'expired' });
    expect(summary).toMatchObject({ recordCount: 0, expired: true, complete: true, commits: 1 });
    expect(await process(world.container('in'))).toEqual(done);
    expect(await countedIds()).toEqual(['a', 'b']);
    expect(await quarantined(world)).toMatchObject([{ code: 'SKIPPED', payloadKind: 'decision' }]);
  });

  it('lets a quiet shard go on, and ticks with it', async () => {
    await send('a');
    await process(world.container('in'));
    world.clock.advance(2 * DAY_MS);
    await skip(world.container('in'), { kind: 'expired' });
    expect(await countedIds()).toEqual(['a']);
  });

  it('does not hide what expires afterwards', async () => {
    await send('a');
    await process(world.container('in'));
    world.clock.advance(2 * DAY_MS);
    await send('b');
    world.clock.advance(DAY_MS / 2);
    await skip(world.container('in'), { kind: 'expired' });
    world.clock.advance(DAY_MS / 2 + HOUR_MS);
    await send('c');
    expect(await process(world.container('in'))).toMatchObject(gap);
  });

  it('keeps what is still there, but would be gone before it is read', async () => {
    await send('a');
    await process(world.container('in'));
    await send('b');
    world.clock.advance(DAY_MS - 1_000);
    await send('c');
    expect(await skip(world.container('in'), { kind: 'expired' })).toMatchObject({ recordCount: 1 });
    cursorOf(world, 'in').after = undefined;
    expect(await process(world.container('in'))).toEqual(done);
    expect(await countedIds()).toEqual(['a', 'c']);
    expect(await quarantined(world)).toHaveLength(2);
  });
});

describe('skipping is refused', () => {
  beforeEach(async () => {
    await send('a', 'b');
    await process(world.container('in'));
    await send('c');
  });

  it.each<[why: string, code: string, scope: () => Promise<SkipScope>]>([
    ['where nothing has expired', 'NOTHING_TO_SKIP', async () => ({ kind: 'expired' })],
    [
      'before the next record',
      'NOTHING_TO_SKIP',
      async () => ({
        kind: 'until',
        sequenceNumber: (await world.nextBatch(cursorOf(world, 'in'), 1))[0]?.sequenceNumber ?? '',
      }),
    ],
    [
      'of processed records',
      'NOTHING_TO_SKIP',
      async () => ({ kind: 'through', sequenceNumber: cursorOf(world, 'in').after ?? '' }),
    ],
    [
      'to a record that does not exist',
      'NOT_SKIPPABLE',
      async () => ({ kind: 'through', sequenceNumber: '9'.repeat(56) }),
    ],
  ])('%s', async (_, code, scope) => {
    await expect(skip(world.container('in'), await scope())).rejects.toMatchObject({ code });
    expect(await process(world.container('in'))).toEqual(done);
    expect(await countedIds()).toEqual(['a', 'b', 'c']);
  });
});

describe('a shard that has ended', () => {
  it('has nothing to skip, in a preview or for good', async () => {
    await send('a');
    await process(world.container('in'));
    await world.reshard('in', cursorOf(world, 'in').shardId);
    for (const cursor of world.cursors.filter(({ stage }) => stage === 'in')) {
      const tick = { nowMs: world.clock.nowMs() };
      await world.container('in').runtime.tick(tick, Deadline.in(world.clock, 60_000));
      await world.deliver(cursor, world.container('in'), 10);
    }
    for (const mode of ['preview', undefined] as const) {
      await expect(skip(world.container('in'), { kind: 'expired' }, mode)).rejects.toMatchObject({
        code: 'NOTHING_TO_SKIP',
        message: expect.stringContaining('its children go on'),
      });
    }
  });
});

describe('a record that somebody else has put into a repartition stream', () => {
  const stage = 'by-key';
  const foreign = async () => {
    await world.streams.putRecords(cursorOf(world, stage).stream, [
      { partitionKey: 'x', data: Buffer.from('{"hello":1}') },
    ]);
  };

  it('stops the shard until it is skipped, and nothing around it is lost', async () => {
    await send('a');
    await process(world.container('in'));
    await foreign();
    await send('b');
    await process(world.container('in'));
    expect(await process(world.container(stage), stage)).toMatchObject({
      kind: 'failed',
      error: { code: 'CORRUPT_PACKET' },
    });
    const [first, second] = await world.nextBatch(cursorOf(world, stage), 10);
    const through = (sequenceNumber = ''): SkipScope => ({ kind: 'through', sequenceNumber });
    await expect(skip(world.container(stage), through(first?.sequenceNumber), undefined, stage)).rejects.toMatchObject({
      code: 'NOTHING_TO_SKIP',
    });
    await skip(world.container(stage), through(second?.sequenceNumber), undefined, stage);
    expect(await process(world.container(stage), stage)).toEqual(done);
    expect(await countedIds()).toEqual(['a', 'b']);
    expect(await quarantined(world)).toMatchObject([{ payloadKind: 'decision' }, { stage, payloadKind: 'record' }]);
  });

  it('takes no packet with it', async () => {
    await foreign();
    await send('a');
    await process(world.container('in'));
    const last = (await world.nextBatch(cursorOf(world, stage), 10)).at(-1)?.sequenceNumber ?? '';
    await expect(
      skip(world.container(stage), { kind: 'through', sequenceNumber: last }, undefined, stage),
    ).rejects.toMatchObject({ code: 'NOT_SKIPPABLE' });
    await expect(skip(world.container(stage), { kind: 'expired' }, undefined, stage)).rejects.toMatchObject({
      code: 'NOTHING_TO_SKIP',
    });
  });
});
