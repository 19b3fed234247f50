import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../lib/testing/seeded-random.ts';
import { checkOutcome } from '../support/check-outcome.ts';
import type { Container } from '../support/container.ts';
import { finish } from '../support/finish.ts';
import { idsPipeline } from '../support/ids-pipeline.ts';
import { makeInput } from '../support/input-events.ts';
import { World } from '../support/world.ts';

const run = async (combined: boolean, batchSize: number) => {
  const world = new World({ pipeline: idsPipeline({ combined }), seed: 1 });
  const input = { count: 200, keys: 5, lateShare: 0.1, poisonShare: 0.03 };
  await world.send(makeInput(new SeededRandom(1), input));
  const containers = new Map<string, Container>();
  await finish(world, {
    containerOf: (stage) => {
      const known = containers.get(stage) ?? world.container(stage);
      containers.set(stage, known);
      return known;
    },
    batchSize: () => batchSize,
  });
  return world;
};

describe('the ids pipeline without faults', () => {
  it.each([
    { combined: true, batchSize: 7 },
    { combined: true, batchSize: 1_000 },
    { combined: false, batchSize: 7 },
  ])('puts every record into one place: $combined, batches of $batchSize', async ({ combined, batchSize }) => {
    const world = await run(combined, batchSize);
    await checkOutcome(world);
    // The checks say nothing where nothing happens.
    expect(world.appended('fired').length).toBeGreaterThan(20);
    expect(world.appended('total-rows').length).toBeGreaterThan(2);
    if (batchSize === 7) expect(world.appended('late').length).toBeGreaterThan(3);
  });
});
