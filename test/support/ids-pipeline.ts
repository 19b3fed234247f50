import {
  type Aggregator,
  boundedOutOfOrderness,
  definePipeline,
  dynamoSink,
  kinesisSink,
  kinesisSource,
  milliseconds,
  type Pipeline,
  tumbling,
} from 'millrace';
import * as z from 'zod';

/** How far behind the newest record of its shard a record may come and still be on time. */
export const BOUND_MS = 5_000;
export const PANE_MS = 10_000;
export const WIDE_MS = 20_000;
const LATENESS_MS = 4_000;
const TOTAL_MS = 30_000;

const Event = z.object({ id: z.string(), key: z.string(), at: z.int() });
export type Event = z.infer<typeof Event>;

const Pane = z.object({ key: z.string(), start: z.int(), ids: z.array(z.string()) });
export type Pane = z.infer<typeof Pane>;

/** Keeps every id that it was given: nothing can be lost, or counted twice, without being seen. */
const collect = <T>(idOf: (value: T) => string): Aggregator<T, readonly string[], string[]> => ({
  create: () => [],
  add: (ids, value) => [...ids, idOf(value)],
  merge: (left, right) => [...left, ...right],
  result: (ids) => [...ids].sort(),
});

export const firingId = ({ key, start, ids }: Pane): string => `${key}|${start}|${ids.length}`;

const appendTo = <S extends z.ZodType>(stream: string, schema: S) =>
  kinesisSink({ stream, schema, partitionKey: () => 'p' });

/**
 * Source → panes by key → a fenced table and an append sink → windows over the fired panes; late records beside them.
 * `combined: false` adds a second window on the same keys, and then every record crosses the hop as it is.
 */
export const idsPipeline = ({ combined = true } = {}): Pipeline =>
  definePipeline(combined ? 'ids' : 'ids-raw', { quarantine: { maxFraction: 1 } }, (p) => {
    const keyed = p
      .source(
        'in',
        kinesisSource({
          stream: 'in',
          schema: Event,
          eventTimeMs: (event) => event.at,
          watermarks: boundedOutOfOrderness(milliseconds(BOUND_MS)),
        }),
      )
      .filter('kept', (event) => !event.id.startsWith('x'))
      .keyBy('by-key', (event) => event.key);
    const panes = keyed.window('panes', tumbling(milliseconds(PANE_MS)), {
      allowedLateness: milliseconds(LATENESS_MS),
    });
    panes.late.sink('late', appendTo('late', Event));
    const rows = panes
      .aggregate('ids', { ids: collect((event: Event) => event.id) })
      .map('row', ({ key, window, value }) => ({ key, start: window.startMs, ids: value.ids }));
    rows.sink('table', dynamoSink({ table: 'panes', schema: Pane, key: ['key', 'start'], streamKey: 'key' }));
    rows.sink('fired', appendTo('fired', Pane));
    const together = rows.keyBy('together', () => 'all').window('totals', tumbling(milliseconds(TOTAL_MS)));
    together.late.sink('late-rows', appendTo('late-rows', Pane));
    together
      .aggregate('firings', { ids: collect((pane: Pane) => firingId(pane)) })
      .map('total', ({ window, value }) => ({ key: 'all', start: window.startMs, ids: value.ids }))
      .sink('total-rows', appendTo('total-rows', Pane));
    if (combined) return;
    const wide = keyed.window('wide', tumbling(milliseconds(WIDE_MS)));
    wide.late.sink('wide-late', appendTo('wide-late', Event));
    wide
      .aggregate('wide-ids', { ids: collect((event: Event) => event.id) })
      .map('wide-row', ({ key, window, value }) => ({ key, start: window.startMs, ids: value.ids }))
      .sink('wide-fired', appendTo('wide-fired', Pane));
  });
