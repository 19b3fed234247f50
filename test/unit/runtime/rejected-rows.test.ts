import { count, definePipeline, kinesisSink, milliseconds, tumbling } from 'millrace';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { quarantined } from '../../support/quarantined.ts';
import { refusing, rowsOf } from '../../support/refusing.ts';
import { type Cursor, World } from '../../support/world.ts';

/** Two windows, so that nothing is combined and every row crosses the hop as it is. */
const pipeline = definePipeline('refusing', { quarantine: { maxFraction: 1 } }, (p) => {
  const keyed = rowsOf(p).keyBy('by-nothing', () => 'all');
  const out = kinesisSink({ stream: 'out', schema: z.unknown(), partitionKey: () => 'p' });
  keyed
    .window('one', tumbling(milliseconds(10)))
    .aggregate('all', { n: refusing })
    .sink('out', out);
  keyed
    .window('two', tumbling(milliseconds(20)))
    .aggregate('both', { n: count() })
    .sink('out-too', out);
});

const worldWith = async (...ids: string[]) => {
  const world = new World({ pipeline, seed: 1, shards: 1 });
  const source = world.container('in');
  const [into, keyed] = world.cursors as [Cursor, Cursor];
  for (const id of ids) {
    await world.send([{ partitionKey: id, data: Buffer.from(JSON.stringify({ id })) }]);
    await world.deliver(into, source, 1);
  }
  return { world, keyed, packets: await world.nextBatch(keyed, 10) };
};

describe('a row that is rejected', () => {
  it('names the record that brought it', async () => {
    const { world, keyed, packets } = await worldWith('a', 'bad');
    await world.deliver(keyed, world.container(keyed.stage), 10);
    const { sequenceNumber, arrivalMs } = packets[1] ?? {};
    expect(await quarantined(world)).toMatchObject([{ payloadKind: 'row', sequenceNumber, arrivalMs }]);
  });

  it('after it was held names the record that brought it, not the one that released it', async () => {
    const { world, keyed, packets } = await worldWith('a', 'bad');
    const [first, second] = packets;
    if (first === undefined || second === undefined) throw new Error('two packets were sent');
    const swapped = [
      { ...first, data: second.data },
      { ...second, data: first.data },
    ];
    for (const record of swapped) {
      const ending = await world
        .container(keyed.stage)
        .run((runtime, deadline) => runtime.processBatch(keyed.shardId, [record], deadline));
      expect(ending.kind).toBe('done');
    }
    const { sequenceNumber, arrivalMs } = first;
    expect(await quarantined(world)).toMatchObject([{ sequenceNumber, arrivalMs }]);
  });
});
