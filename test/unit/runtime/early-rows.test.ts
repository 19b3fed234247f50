import {
  type Aggregator,
  boundedOutOfOrderness,
  type Delivery,
  definePipeline,
  dynamoSink,
  kinesisSink,
  kinesisSource,
  milliseconds,
  seconds,
  tumbling,
} from 'millrace';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { MillraceError } from '../../../lib/errors/millrace-error.ts';
import type { Faults } from '../../support/faulty-ports.ts';
import { cursorOf, World } from '../../support/world.ts';

const Note = z.object({ id: z.string(), at: z.int() });
const Row = z.object({ key: z.string(), start: z.int(), ids: z.array(z.string()) });

const ids: Aggregator<z.infer<typeof Note>, readonly string[], string[]> = {
  create: () => [],
  add: (list, { id }) => [...list, id],
  merge: (left, right) => [...left, ...right],
  result: (list) => [...list].sort(),
};

const pipeline = (delivery: Delivery) =>
  definePipeline('notes', { delivery }, (p) => {
    const rows = p
      .source(
        'in',
        kinesisSource({
          stream: 'in',
          schema: Note,
          eventTimeMs: ({ at }) => at,
          watermarks: boundedOutOfOrderness(milliseconds(0)),
        }),
      )
      .keyBy('by-key', () => 'all')
      .window('panes', tumbling(seconds(10)), { allowedLateness: seconds(1_000) })
      .aggregate('note-ids', { ids })
      .map('row', ({ key, window, value }) => ({ key, start: window.startMs, ids: value.ids }));
    rows.sink('table', dynamoSink({ table: 'rows', schema: Row, key: ['key', 'start'], streamKey: 'key' }));
    rows.sink('stream', kinesisSink({ stream: 'rows', schema: Row, partitionKey: ({ key }) => key }));
  });

/** The commit is refused, and nobody knows it: what was sent before it stays. */
const withoutCommit: Faults = {
  around: (call, effect) => {
    if (call.operation !== 'put' || !call.target.startsWith('L#') || call.genesis === true) return effect();
    throw new MillraceError('retryable', 'OUTCOME_UNKNOWN', 'a fault');
  },
};

/**
 * A pane of one note fires in a batch that is not committed, and of both notes in the longer batch that comes instead: under
 * one commit number, at one index.
 */
const run = async (delivery: Delivery) => {
  const world = new World({ pipeline: pipeline(delivery), seed: 1, shards: 1 });
  const source = world.container('in');
  const packets = cursorOf(world, 'by-key');
  const send = async (...notes: readonly z.infer<typeof Note>[]) => {
    await world.send(notes.map((note) => ({ partitionKey: 'p', data: Buffer.from(JSON.stringify(note)) })));
    await world.deliver(cursorOf(world, 'in'), source, 10);
  };
  await send({ id: 'first', at: 1_000 }, { id: 'next', at: 15_000 });
  expect(await world.deliver(packets, world.container('by-key', {}, withoutCommit), 10)).toMatchObject({
    kind: 'failed',
  });
  await send({ id: 'second', at: 2_000 });
  expect(await world.deliver(packets, world.container('by-key'), 10)).toMatchObject({ kind: 'done' });
  const row = (...found: string[]) => ({ key: 'all', start: 0, ids: found });
  return { rows: world.rows('table'), appended: world.appended('stream'), row };
};

describe('a batch that is not committed, and a longer one that is', () => {
  it('show the longer one under exactly-once', async () => {
    const { rows, appended, row } = await run('exactly-once');
    expect(rows).toEqual([row('first', 'second')]);
    expect(appended).toEqual([row('first', 'second')]);
  });

  it('show both to a stream under at-least-once, and the longer one in a table', async () => {
    const { rows, appended, row } = await run('at-least-once');
    expect(appended).toEqual([row('first'), row('first', 'second')]);
    expect(rows).toEqual([row('first', 'second')]);
  });

  it('show the longer one once under at-most-once', async () => {
    const { rows, appended, row } = await run('at-most-once');
    expect(rows).toEqual([row('first', 'second')]);
    expect(appended).toEqual([row('first', 'second')]);
  });
});
