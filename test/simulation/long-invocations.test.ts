import { describe, expect, it } from 'vitest';
import { RING_SIZE } from '../../lib/commit/slot.ts';
import type { RuntimeObserver } from '../../lib/runtime/ports.ts';
import { checkOutcome } from '../support/check-outcome.ts';
import type { Container } from '../support/container.ts';
import { never } from '../support/faulty-ports.ts';
import { finish } from '../support/finish.ts';
import { idsPipeline } from '../support/ids-pipeline.ts';
import { World } from '../support/world.ts';

/** So many keys in one pane, fired in slices so small that one invocation makes more commits than the ring has slots. */
const KEYS = 450;

const runKilledAt = async (commit: number | undefined) => {
  const world = new World({ pipeline: idsPipeline(), seed: 3, shards: 1, limits: { timers: 3 } });
  await world.send(
    Array.from({ length: KEYS }, (_, i) => ({
      partitionKey: 'p',
      data: Buffer.from(JSON.stringify({ id: `e${i}`, key: `k${i}`, at: 1_000 })),
    })),
  );
  const containers = new Map<string, Container>();
  let commits = 0;
  const observer: RuntimeObserver = {
    step: (step) => {
      if (step !== 'committed' || ++commits !== commit) return undefined;
      containers.get('by-key')?.life.kill();
      return never<void>();
    },
  };
  const containerOf = (stage: string): Container => {
    const known = containers.get(stage);
    if (known !== undefined && !known.life.isDead) return known;
    const fresh = world.container(stage, stage === 'by-key' ? observer : {});
    containers.set(stage, fresh);
    return fresh;
  };
  await finish(world, { containerOf, batchSize: () => 1_000 });
  await checkOutcome(world);
  return commits;
};

describe('an invocation with more commits than the ring has slots', () => {
  it('snapshots before it overwrites, and is done', async () => {
    expect(await runKilledAt(undefined)).toBeGreaterThan(RING_SIZE + 10);
  });

  it.each([RING_SIZE - 2, RING_SIZE - 1, RING_SIZE, RING_SIZE + 1])(
    'goes on in a fresh container when it is killed after commit %i',
    async (commit) => {
      expect(await runKilledAt(commit)).toBeGreaterThan(RING_SIZE + 10);
    },
  );
});
