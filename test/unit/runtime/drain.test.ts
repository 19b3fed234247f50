import { describe, expect, it } from 'vitest';
import { checkOutcome } from '../../support/check-outcome.ts';
import { never } from '../../support/faulty-ports.ts';
import { finish } from '../../support/finish.ts';
import { type Event, idsPipeline, putOf } from '../../support/ids-pipeline.ts';
import { cursorOf, World } from '../../support/world.ts';

describe('outputs of a commit that stopped inside its first packet', () => {
  it('are sent by the container that comes next, although it was there for the batch before', async () => {
    const world = new World({ pipeline: idsPipeline(), seed: 1, shards: 1, limits: { externalRows: 1 } });
    const source = world.container('in');
    const keys = ['k1', 'k2', 'k3', 'k4'];
    const late = keys.map((key) => putOf(`late-${key}`, key, 1));
    for (const packet of [[putOf('e1', 'k1', 60_000)], [putOf('e2', 'k2', 60_001)], late]) {
      await world.send(packet);
      expect(await world.deliver(cursorOf(world, 'in'), source, 100)).toMatchObject({ kind: 'done' });
    }
    const packets = cursorOf(world, 'by-key');
    const warm = world.container('by-key');
    for (let batch = 0; batch < 2; batch++)
      expect(await world.deliver(packets, warm, 1)).toMatchObject({ kind: 'done' });

    let commits = 0;
    const first = world.container('by-key', {
      step: (step) => {
        if (step !== 'committed') return undefined;
        commits++;
        first.life.kill();
        return never<void>();
      },
    });
    expect(await world.deliver(packets, first, 1)).toEqual({ kind: 'killed' });
    expect([commits, world.appended('late')]).toEqual([1, []]);

    await finish(world, {
      containerOf: (stage) => ({ in: source, 'by-key': warm })[stage] ?? world.container(stage),
      batchSize: () => 1,
    });
    expect(
      world
        .appended<Event>('late')
        .map(({ key }) => key)
        .sort(),
    ).toEqual(keys);
    await checkOutcome(world);
  });
});
