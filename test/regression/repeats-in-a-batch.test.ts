import { expect, it } from 'vitest';
import type { StreamRecord } from '../../lib/connectors/stream-port.ts';
import { inOrder } from '../../lib/runtime/in-order.ts';
import { finish } from '../support/finish.ts';
import { idsPipeline, type Pane } from '../support/ids-pipeline.ts';
import { type Cursor, World } from '../support/world.ts';

const event = (id: string, at: number) => ({
  partitionKey: id,
  data: Buffer.from(JSON.stringify({ id, key: 'k', at })),
});

/** A world where the source's batches come as `mangle` leaves them. */
const idsCounted = async (mangle: (batch: readonly StreamRecord[]) => readonly StreamRecord[]): Promise<string[]> => {
  const world = new World({ pipeline: idsPipeline(), seed: 1, shards: 1 });
  const cursor = world.cursors.find(({ stage }) => stage === 'in') as Cursor;
  await world.send(['e1', 'e2', 'e3', 'e4'].map((id, i) => event(id, i)));
  const first = await world.nextBatch(cursor, 2);
  const all = await world.nextBatch(cursor, 4);
  const container = world.container('in');
  for (const batch of [first, all]) {
    const ending = await container.run((runtime, deadline) =>
      runtime.processBatch(cursor.shardId, mangle(batch), deadline),
    );
    expect(ending).toEqual({ kind: 'done', next: undefined });
  }
  cursor.after = all.at(-1)?.sequenceNumber;
  await finish(world, { containerOf: (stage) => world.container(stage), batchSize: () => 10 });
  return world.appended<Pane>('fired').flatMap(({ ids }) => ids);
};

// LocalStack 2026.3.0 after a reshard: it read a shard from its beginning again behind what it had gathered, and delivered both.
it.each([
  ['as Lambda delivers it', (batch: readonly StreamRecord[]) => batch],
  ['with all of its records twice', (batch: readonly StreamRecord[]) => [...batch, ...batch]],
  ['with a beginning that was processed before', (batch: readonly StreamRecord[]) => [...batch.slice(1), ...batch]],
  ['backwards', (batch: readonly StreamRecord[]) => [...batch].reverse()],
])('a batch %s counts each record once', async (_what, mangle) => {
  expect((await idsCounted(mangle)).sort()).toEqual(['e1', 'e2', 'e3', 'e4']);
});

it('a batch that is in order is not copied', () => {
  const batch = ['9', '10', '11'].map((sequenceNumber) => ({ sequenceNumber }) as StreamRecord);
  expect(inOrder(batch)).toBe(batch);
});
