import { count, definePipeline, kinesisSink, milliseconds, tumbling } from 'millrace';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { finish } from '../../support/finish.ts';
import { Row, refusing, rowsOf } from '../../support/refusing.ts';
import { World } from '../../support/world.ts';

const Rows = z.object({ rows: z.int() });

/** The first branch has taken the record when the second one throws. */
const pipeline = definePipeline('branches', { quarantine: { maxFraction: 1 } }, (p) => {
  const rows = rowsOf(p);
  rows.sink('first', kinesisSink({ stream: 'first', schema: Row, partitionKey: () => 'p' }));
  const keyed = rows
    .map('second', (row) => {
      if (row.id === 'worse') throw new Error('no');
      return row;
    })
    .keyBy('by-nothing', () => 'all');
  const counted = kinesisSink({ stream: 'counted', schema: Rows, partitionKey: () => 'p' });
  keyed
    .window('one', tumbling(milliseconds(10)))
    .aggregate('all', { rows: count() })
    .map('all-rows', ({ value }) => value)
    .sink('counted', counted);
  keyed
    .window('other', tumbling(milliseconds(10)))
    .aggregate('some', { rows: refusing })
    .map('some-rows', ({ value }) => value)
    .sink('counted-too', counted);
});

describe('a record that throws', () => {
  it('has all its effects undone, in a source stage and in a keyed one', async () => {
    const world = new World({ pipeline, seed: 1, shards: 1 });
    await world.send(
      ['a', 'worse', 'bad', 'b'].map((id) => ({ partitionKey: id, data: Buffer.from(`{"id":"${id}"}`) })),
    );
    await finish(world, { containerOf: (stage) => world.container(stage), batchSize: () => 10 });
    expect(world.appended<z.infer<typeof Row>>('first').map(({ id }) => id)).toEqual(['a', 'bad', 'b']);
    expect([...world.appended('counted'), ...world.appended('counted-too')]).toEqual([{ rows: 2 }, { rows: 2 }]);
  });
});
