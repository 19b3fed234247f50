import { expect, it } from 'vitest';
import { MillraceError } from '../../lib/errors/millrace-error.ts';
import { SeededRandom } from '../../lib/testing/seeded-random.ts';
import type { Container } from '../support/container.ts';
import { type Faults, never } from '../support/faulty-ports.ts';
import { idsPipeline } from '../support/ids-pipeline.ts';
import { makeInput } from '../support/input-events.ts';
import { cursorOf, World } from '../support/world.ts';

const shard = (i: number): string => `shardId-${String(i).padStart(12, '0')}`;

const tick = (world: World, container: Container) =>
  container.run(async (runtime, deadline) => {
    await runtime.tick({ nowMs: world.clock.nowMs() }, deadline);
    return undefined;
  });

/** A container that ends when it has committed, before it sends what the commit says. */
const dyingContainer = (world: World, stage: string): Container => {
  const container = world.container(stage, {
    step: (step) => {
      if (step !== 'committed') return undefined;
      container.life.kill();
      return never<void>();
    },
  });
  return container;
};

/** A source shard whose last commit is not sent, whose next record was given up, and which is closed then. */
const makeWaiting = async (): Promise<World> => {
  const world = new World({ pipeline: idsPipeline(), seed: 1, shards: 1 });
  const input = makeInput(new SeededRandom(1), { count: 4, keys: 2 });
  await world.send(input.slice(0, 2));
  const cursor = cursorOf(world, 'in');
  expect(await world.deliver(cursor, dyingContainer(world, 'in'), 10)).toEqual({ kind: 'killed' });
  await world.send(input.slice(2));
  await world.reshard('in', shard(0));
  cursor.after = (await world.nextBatch(cursor, 10)).at(-1)?.sequenceNumber;
  return world;
};

const packets = async (world: World) => world.nextBatch(cursorOf(world, 'by-key'), 100);

// Seed 1005083 of 2026-11: nobody came to the parent any more until an operator skipped what it lacks.
it('a second tick sends what a closed shard says last, though its children cannot begin', async () => {
  const world = await makeWaiting();
  const container = world.container('in');
  expect(await tick(world, container)).toMatchObject({ kind: 'done' });
  expect(await packets(world)).toEqual([]);
  expect(await tick(world, container)).toMatchObject({ kind: 'done' });
  expect(await packets(world)).toHaveLength(1);
});

it('a tick sends it through a child that has ended too, and has no log', async () => {
  const world = await makeWaiting();
  await world.reshard('in', shard(1), shard(2));
  const container = world.container('in');
  for (let ticks = 0; ticks < 2; ticks++) expect(await tick(world, container)).toMatchObject({ kind: 'done' });
  expect(await packets(world)).toHaveLength(1);
});

it('a container that has sent it does not send it again, for another child or at another tick', async () => {
  const world = await makeWaiting();
  const republished: number[] = [];
  const container = world.container('in', { republished: (_, n) => republished.push(n) });
  for (let ticks = 0; ticks < 5; ticks++) expect(await tick(world, container)).toMatchObject({ kind: 'done' });
  expect(republished).toEqual([1]);
});

it('a tick sends nothing of a closed shard where others are at work', async () => {
  const world = new World({ pipeline: idsPipeline(), seed: 1, shards: 1 });
  await world.send(makeInput(new SeededRandom(1), { count: 8, keys: 2 }));
  await world.reshard('in', shard(0));
  const [working, ticked] = [world.container('in'), world.container('in')];
  for (let batch = 0; batch < 3; batch++) {
    expect(await world.deliver(cursorOf(world, 'in'), working, 2)).toMatchObject({ kind: 'done' });
    const before = await packets(world);
    expect(await tick(world, ticked)).toMatchObject({ kind: 'done' });
    expect(await packets(world)).toEqual(before);
  }
});

it('a record that is given to a child sends nothing of what it waits for', async () => {
  const world = await makeWaiting();
  await world.send(makeInput(new SeededRandom(2), { count: 4, keys: 2 }));
  for (const cursor of world.cursors.filter(({ shardId, stage }) => stage === 'in' && shardId !== shard(0))) {
    const ending = await world.deliver(cursor, world.container('in'), 10);
    if (ending !== undefined) expect(ending).toMatchObject({ kind: 'failed', error: { code: 'NOT_DRAINED' } });
  }
  expect(await packets(world)).toEqual([]);
});

it('a parent that the job began with, and whose log could not be made just now, is not asked for its own parents', async () => {
  const world = new World({ pipeline: idsPipeline(), seed: 1, shards: 1 });
  await world.reshard('in', shard(0));
  world.clock.advance(25 * 3_600_000);
  const [first, second] = await world.streams.listShards('in');
  expect([first?.shardId, second?.shardId]).toEqual([shard(1), shard(2)]);
  await world.send(makeInput(new SeededRandom(1), { count: 8, keys: 8 }));
  const left = world.cursors.find(({ shardId }) => shardId === shard(1));
  if (left === undefined) throw new Error('no shard');
  expect(await world.deliver(left, world.container('in'), 1)).toMatchObject({ kind: 'done' });
  await world.reshard('in', shard(1), shard(2));
  const refusing: Faults = {
    around: (call, effect) =>
      call.port === 'items' && call.genesis === true
        ? Promise.reject(
            new MillraceError('retryable', 'STORE_UNAVAILABLE', 'The table is busy.', { fix: 'Try again.' }),
          )
        : effect(),
  };
  expect(await tick(world, world.container('in', {}, refusing))).toMatchObject({ kind: 'done' });
});
