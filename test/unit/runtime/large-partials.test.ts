import {
  type Aggregator,
  boundedOutOfOrderness,
  definePipeline,
  kinesisSink,
  kinesisSource,
  milliseconds,
  tumbling,
} from 'millrace';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { readJob } from '../../../lib/commit/job.ts';
import { listQuarantine } from '../../../lib/runtime/quarantine.ts';
import { finish } from '../../support/finish.ts';
import { World } from '../../support/world.ts';

const Text = z.object({ key: z.string(), text: z.string(), at: z.int() });
type Text = z.infer<typeof Text>;
const Length = z.object({ length: z.int() });

/** Keeps all texts: what a batch combines can be larger than a row between stages may be. */
const join: Aggregator<{ text: string }, string, number> = {
  create: () => '',
  add: (all, { text }) => all + text,
  merge: (left, right) => left + right,
  result: (all) => all.length,
};

const source = kinesisSource({
  stream: 'in',
  schema: Text,
  eventTimeMs: (row) => row.at,
  watermarks: boundedOutOfOrderness(milliseconds(0)),
});
const lengths = kinesisSink({ stream: 'out', schema: Length, partitionKey: () => 'p' });

const oneHop = definePipeline('one-hop', { quarantine: { maxFraction: 1 } }, (p) => {
  p.source('in', source)
    .keyBy('by-key', (row) => row.key)
    .window('panes', tumbling(milliseconds(1_000)))
    .aggregate('joined', { length: join })
    .map('row', ({ value }) => ({ length: value.length }))
    .sink('out', lengths);
});

/** The fired panes are combined before the second hop. */
const twoHops = definePipeline('two-hops', { quarantine: { maxFraction: 1 } }, (p) => {
  p.source('in', source)
    .keyBy('by-key', (row) => row.key)
    .window('panes', tumbling(milliseconds(1_000)))
    .aggregate('joined', { length: join })
    .map('text', ({ value }) => ({ text: 'x'.repeat(value.length) }))
    .keyBy('together', () => 'all')
    .window('all', tumbling(milliseconds(1_000)))
    .aggregate('all-joined', { length: join })
    .map('row', ({ value }) => ({ length: value.length }))
    .sink('out', lengths);
});

const record = (key: string, bytes: number, at = 0) => ({
  partitionKey: 'p',
  data: Buffer.from(JSON.stringify({ key, text: 'x'.repeat(bytes), at } satisfies Text)),
});

const run = async (pipeline: typeof oneHop, records: ReturnType<typeof record>[]) => {
  const world = new World({ pipeline, seed: 1, shards: 1 });
  await world.send(records);
  const containers = new Map(pipeline.plan.stages.map(({ id }) => [id, world.container(id)]));
  await finish(world, {
    containerOf: (stage) => containers.get(stage) ?? world.container(stage),
    batchSize: () => 100,
    maxFailures: 3,
  });
  const job = await readJob(world.items, pipeline.name, 1);
  const quarantined: string[] = [];
  if (job !== undefined) for await (const one of listQuarantine(world, job)) quarantined.push(one.code);
  return { lengths: world.appended<z.infer<typeof Length>>('out').map(({ length }) => length), quarantined };
};

const KIB = 1_024;

describe('a batch whose combined rows are too large for a packet', () => {
  it('crosses the hop record by record', async () => {
    const records = Array.from({ length: 12 }, () => record('k', 100 * KIB));
    expect(await run(oneHop, records)).toEqual({ lengths: [1_200 * KIB], quarantined: [] });
  });

  it('quarantines the one record that no packet can hold, and goes on', async () => {
    const records = [record('k', 10), record('k', 750 * KIB), record('k', 20)];
    expect(await run(oneHop, records)).toEqual({ lengths: [30], quarantined: ['TOO_LARGE'] });
  });

  it('crosses the second hop pane by pane', async () => {
    const records = Array.from({ length: 6 }, (_, i) => record(`k${i}`, 200 * KIB));
    expect(await run(twoHops, records)).toEqual({ lengths: [1_200 * KIB], quarantined: [] });
  });
});
