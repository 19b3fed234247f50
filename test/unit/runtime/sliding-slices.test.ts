import { boundedOutOfOrderness, definePipeline, kinesisSink, kinesisSource, milliseconds, sliding } from 'millrace';
import { describe, expect, it } from 'vitest';
import { finish } from '../../support/finish.ts';
import { Fired, listOfIds, Visit } from '../../support/versions.ts';
import { World } from '../../support/world.ts';

const SIZE_MS = 30_000;
const SLIDE_MS = 10_000;

const pipeline = definePipeline('overlapping', {}, (p) => {
  p.source(
    'in',
    kinesisSource({
      stream: 'in',
      schema: Visit,
      eventTimeMs: (event) => event.at,
      watermarks: boundedOutOfOrderness(milliseconds(5_000)),
    }),
  )
    .keyBy('by-key', (event) => event.key)
    .window('windows', sliding(milliseconds(SIZE_MS), milliseconds(SLIDE_MS)))
    .aggregate('ids', { ids: listOfIds })
    .map('row', ({ key, window, value }) => ({ key, start: window.startMs, ids: value.ids }))
    .sink('fired', kinesisSink({ stream: 'fired', schema: Fired, partitionKey: ({ key }) => key }));
});

const events = Array.from({ length: 40 }, (_, i) => ({
  id: `e${String(i).padStart(2, '0')}`,
  key: `k${(i * 7) % 3}`,
  // Some keys rest for a while, and some records are out of order.
  at: i * 3_000 - (i % 4) * 1_000 + (i > 20 ? 60_000 : 0),
}));

const expected = (): string[] => {
  const windows = new Map<string, string[]>();
  for (const { id, key, at } of events) {
    const lastMs = Math.floor(at / SLIDE_MS) * SLIDE_MS;
    for (let start = lastMs; start > at - SIZE_MS; start -= SLIDE_MS) {
      const name = `${key} ${start}`;
      windows.set(name, [...(windows.get(name) ?? []), id]);
    }
  }
  return [...windows].map(([name, list]) => `${name} ${list.sort()}`).sort();
};

describe('windows that share slices', () => {
  it.each([
    ['one timer', { timers: 1 }],
    ['one row', { externalRows: 1 }],
    ['three timers and two rows', { timers: 3, externalRows: 2 }],
  ])('fire once each, where a commit has room for %s', async (_, limits) => {
    for (const batchSize of [1, 5, 40]) {
      const world = new World({ pipeline, seed: 1, shards: 1, limits, log: { ringSize: 16, snapshotCommits: 3 } });
      await world.send(events.map((event) => ({ partitionKey: 'p', data: Buffer.from(JSON.stringify(event)) })));
      // A cold container for each batch: what is known of the firing is in the state alone.
      await finish(world, { containerOf: (stage) => world.container(stage), batchSize: () => batchSize });
      const fired = world.appended<Fired>('fired').map((row) => `${row.key} ${row.start} ${row.ids}`);
      expect(fired.sort()).toEqual(expected());
    }
  });
});
