import { expect, it } from 'vitest';
import { SeededRandom } from '../../lib/testing/seeded-random.ts';
import { idsPipeline } from '../support/ids-pipeline.ts';
import { makeInput } from '../support/input-events.ts';
import { World } from '../support/world.ts';

// Seed 2086 of 2026-11: a container was frozen between the sending of its tick and its look at the shard.
it('a tick that looks after records have expired stops with GAP, however early it was sent', async () => {
  const world = new World({ pipeline: idsPipeline(), seed: 1, shards: 1 });
  const container = world.container('in');
  const input = makeInput(new SeededRandom(1), { count: 4, keys: 2 });
  await world.send(input.slice(0, 2));
  const [cursor] = world.cursors;
  if (cursor === undefined) throw new Error('no shard');
  await world.deliver(cursor, container, 10);
  await world.send(input.slice(2));
  const nowMs = world.clock.nowMs();
  world.clock.advance(25 * 3_600_000);
  const ending = await container.run(async (runtime, deadline) => {
    await runtime.tick({ nowMs }, deadline);
    return undefined;
  });
  expect(ending).toMatchObject({ kind: 'failed', error: { code: 'GAP' } });
});
