import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../lib/testing/seeded-random.ts';
import { checkOutcome } from '../support/check-outcome.ts';
import { finish } from '../support/finish.ts';
import { idsPipeline } from '../support/ids-pipeline.ts';
import { makeInput } from '../support/input-events.ts';
import { World } from '../support/world.ts';

const shard = (i: number): string => `shardId-${String(i).padStart(12, '0')}`;

/** Sends events in four parts with a reshard after each; the parts are processed before the next, or all only at the end. */
const run = async (
  stream: 'in' | 'repartition',
  reshards: readonly (readonly [string] | readonly [string, string])[],
  { eager, warm, seed = 1, combined = true }: { eager: boolean; warm: boolean; seed?: number; combined?: boolean },
): Promise<World> => {
  const pipeline = idsPipeline({ combined });
  const random = new SeededRandom(seed);
  const world = new World({ pipeline, seed, shards: 2 });
  const keyed = pipeline.plan.stages.find(({ input }) => input.kind !== 'source')?.input.stream as string;
  const input = makeInput(random, { count: 120, keys: 12, lateShare: 0.1, poisonShare: 0.02, stepMs: 700 });
  const containers = new Map(pipeline.plan.stages.map(({ id }) => [id, world.container(id)]));
  const containerOf = (stage: string) => (warm ? containers.get(stage) : undefined) ?? world.container(stage);
  const step = Math.ceil(input.length / (reshards.length + 1));
  for (let i = 0; i <= reshards.length; i++) {
    await world.send(input.slice(i * step, (i + 1) * step));
    if (eager) {
      for (const cursor of [...world.cursors]) {
        const ending = await world.deliver(cursor, containerOf(cursor.stage), 7);
        if (ending?.kind === 'failed') expect(ending.error).toMatchObject({ kind: 'retryable' });
      }
    }
    const shardIds = reshards[i];
    if (shardIds !== undefined) await world.reshard(stream === 'in' ? 'in' : keyed, ...shardIds);
  }
  await finish(world, { containerOf, batchSize: () => 9 });
  await checkOutcome(world);
  return world;
};

const plans = {
  'a split': [[shard(0)]],
  'a split of a shard that was split': [[shard(0)], [shard(2)]],
  'a merge': [[shard(0), shard(1)]],
  'a merge of what was split': [[shard(0)], [shard(2), shard(3)]],
  'a merge across the parents of a split': [[shard(0)], [shard(3), shard(1)], [shard(4)]],
} as const;

describe('resharding', () => {
  for (const [name, reshards] of Object.entries(plans)) {
    for (const stream of ['in', 'repartition'] as const) {
      for (const eager of [true, false]) {
        for (const warm of [true, false]) {
          const how = `${eager ? 'processed in between' : 'unprocessed'}, in ${warm ? 'warm' : 'cold'} containers`;
          it(`hands everything over in ${name} of the ${stream} stream, ${how}`, async () => {
            for (let seed = 1; seed <= 2; seed++) {
              await run(stream, reshards, { eager, warm, seed, combined: seed % 2 === 0 });
            }
          });
        }
      }
    }
  }

  it('lets a quiet child begin at a tick, while its parents are still listed', async () => {
    const pipeline = idsPipeline();
    const world = new World({ pipeline, seed: 1, shards: 2 });
    const containers = new Map(pipeline.plan.stages.map(({ id }) => [id, world.container(id)]));
    const containerOf = (stage: string) => containers.get(stage) ?? world.container(stage);
    const input = makeInput(new SeededRandom(1), { count: 60, keys: 6 });
    await world.send(input.slice(0, 30));
    for (let i = 0; i < 4; i++) {
      for (const cursor of world.cursors) await world.deliver(cursor, containerOf(cursor.stage), 20);
    }
    const streams = new Set(world.cursors.flatMap(({ stream }) => (stream === 'in' ? [] : [stream])));
    for (const stream of streams) await world.reshard(stream, shard(0));
    for (let hours = 0; hours < 30; hours += 2) {
      world.clock.advance(2 * 3_600_000);
      for (const container of containers.values()) {
        const ending = await container.run(async (runtime, deadline) => {
          await runtime.tick({ nowMs: world.clock.nowMs() }, deadline);
          return undefined;
        });
        expect(ending.kind).toBe('done');
      }
    }
    for (const stream of streams) {
      const listed = (await world.streams.listShards(stream)).map(({ shardId }) => shardId);
      expect(listed).not.toContain(shard(0));
      for (let at = world.cursors.length - 1; at >= 0; at--) {
        const cursor = world.cursors[at];
        if (cursor?.stream === stream && !listed.includes(cursor.shardId)) world.cursors.splice(at, 1);
      }
    }
    await world.send(input.slice(30));
    for (const { id } of pipeline.plan.stages) containers.set(id, world.container(id));
    await finish(world, { containerOf, batchSize: () => 9 });
    const fired = world.appended<{ ids: readonly string[] }>('fired').flatMap(({ ids }) => ids);
    expect(new Set(fired).size).toBe(fired.length);
    expect([...fired, ...world.appended<{ id: string }>('late').map(({ id }) => id)].sort()).toEqual(
      input
        .map(({ data }) => (JSON.parse(Buffer.from(data).toString()) as { id: string }).id)
        .filter((id) => id.startsWith('e'))
        .sort(),
    );
  });
});
