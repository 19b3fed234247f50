import {
  type Aggregator,
  boundedOutOfOrderness,
  count,
  definePipeline,
  dynamoSink,
  kinesisSink,
  kinesisSource,
  milliseconds,
  type Pipeline,
  session,
  tumbling,
} from 'millrace';
import * as z from 'zod';

export const Visit = z.object({ id: z.string(), key: z.string(), at: z.int(), text: z.string() });
export type Visit = z.infer<typeof Visit>;

export const Pane = z.object({ key: z.string(), start: z.int(), ids: z.array(z.string()) });
export type Pane = z.infer<typeof Pane>;

export const PANE_MS = 10_000;
export const GAP_MS = 5_000;
export const WIDE_MS = 20_000;

const lists: Aggregator<Visit, readonly string[], string[]> = {
  kind: 'ids',
  create: () => [],
  add: (ids, { id }) => [...ids, id],
  merge: (left, right) => [...left, ...right],
  result: (ids) => [...ids].sort(),
};

export const appendTo = (stream: string) => kinesisSink({ stream, schema: Pane, partitionKey: ({ key }) => key });

export const visitsSource = () =>
  kinesisSource({
    stream: 'in',
    schema: Visit,
    eventTimeMs: ({ at }) => at,
    watermarks: boundedOutOfOrderness(milliseconds(0)),
  });

export const firstsTable = () => dynamoSink({ table: 'firsts', schema: Pane, key: ['key', 'start'], streamKey: 'key' });

/** As it was when the state in `state.json` was written, and to be left like that. */
export const pipeline = (): Pipeline =>
  definePipeline('visits', { quarantine: { maxFraction: 1 } }, (p) => {
    const visits = p.source('in', visitsSource());
    const byKey = visits.keyBy('by-key', ({ key }) => key);
    byKey
      .window('panes', tumbling(milliseconds(PANE_MS)))
      .aggregate('lists', { ids: lists, n: count() })
      .map('row', ({ key, window, value }) => ({ key, start: window.startMs, ids: value.ids }))
      .sink('fired', appendTo('fired'));
    byKey
      .window('sessions', session(milliseconds(GAP_MS)))
      .aggregate('session-lists', { ids: lists })
      .map('session-row', ({ key, window, value }) => ({ key, start: window.startMs, ids: value.ids }))
      .sink('visited', appendTo('visited'));
    visits
      .keyBy('by-first', ({ key }) => key.slice(0, 1))
      .window('firsts', tumbling(milliseconds(WIDE_MS)))
      .aggregate('first-lists', { ids: lists })
      .map('first-row', ({ key, window, value }) => ({ key, start: window.startMs, ids: value.ids }))
      .sink('table', firstsTable());
  });
