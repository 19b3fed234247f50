import { boundedOutOfOrderness, definePipeline, kinesisSink, kinesisSource, milliseconds } from 'millrace';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { readJob } from '../../../lib/commit/job.ts';
import { listQuarantine } from '../../../lib/runtime/quarantine.ts';
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
    if (job !== undefined) for await (const one of listQuarantine(world.items, job)) quarantined.push(one);
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
