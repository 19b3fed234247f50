import {
  type Aggregator,
  boundedOutOfOrderness,
  count,
  definePipeline,
  dynamoSink,
  type KeyedStream,
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
const IDLE_MS = 20_000;

const Event = z.object({ id: z.string(), key: z.string(), at: z.int() });
export type Event = z.infer<typeof Event>;

/** An event as its producer puts it. */
export const putOf = (id: string, key: string, at: number) => ({
  partitionKey: id,
  data: Buffer.from(JSON.stringify({ id, key, at } satisfies Event)),
});

const Pane = z.object({ key: z.string(), start: z.int(), ids: z.array(z.string()) });
export type Pane = z.infer<typeof Pane>;

/** Keeps every id that it was given: nothing can be lost, or counted twice, without being seen. */
const collect = <T>(idOf: (value: T) => string): Aggregator<T, readonly string[], string[]> => ({
  create: () => [],
  add: (ids, value) => [...ids, idOf(value)],
  merge: (left, right) => [...left, ...right],
  result: (ids) => [...ids].sort(),
  // The pipeline may be gone back to.
  upcasts: { 2: ({ ids }: Collected) => ids },
});

interface Collected {
  readonly ids: readonly string[];
}

/** The same in another form. */
const collectAnew = <T>(idOf: (value: T) => string): Aggregator<T, Collected, string[]> => ({
  version: 2,
  create: () => ({ ids: [] }),
  add: ({ ids }, value) => ({ ids: [...ids, idOf(value)] }),
  merge: (left, right) => ({ ids: [...left.ids, ...right.ids] }),
  result: ({ ids }) => [...ids].sort(),
  upcasts: { 1: (ids: readonly string[]) => ({ ids }) },
});

export const firingId = ({ key, start, ids }: Pane): string => `${key}|${start}|${ids.length}`;

const appendTo = <S extends z.ZodType>(stream: string, schema: S) =>
  kinesisSink({ stream, schema, partitionKey: () => 'p' });

interface IdsOptions {
  readonly combined?: boolean;
  readonly version?: 1 | 2;
  /** What an idle shard does to the watermark. */
  readonly idle?: 'advance' | 'exclude';
}

/**
 * Source → panes by key → a fenced table and an append sink → windows over the fired panes; late records beside them.
 * `combined: false` adds a second window on the same keys, and then every record crosses the hop as it is.
 * `version: 2` puts out the same from other names, other places and other forms of what is stored.
 */
export const idsPipeline = ({ combined = true, version = 1, idle }: IdsOptions = {}): Pipeline =>
  definePipeline(
    `ids${combined ? '' : '-raw'}${idle === undefined ? '' : `-${idle}`}`,
    { quarantine: { maxFraction: 1 } },
    (p) => {
      const isNew = version === 2;
      const gather = <T>(idOf: (value: T) => string): Aggregator<T, unknown, string[]> =>
        isNew ? collectAnew(idOf) : collect(idOf);
      const kept = p
        .source(
          'in',
          kinesisSource({
            stream: 'in',
            schema: Event,
            eventTimeMs: (event) => event.at,
            watermarks: boundedOutOfOrderness(
              milliseconds(BOUND_MS),
              idle === undefined ? {} : { idle: { after: milliseconds(IDLE_MS), action: idle } },
            ),
          }),
        )
        .filter('kept', (event) => !event.id.startsWith('x'));
      const keyed = (isNew ? kept.filter('kept-again', () => true) : kept).keyBy('by-key', (event) => event.key);
      if (!combined && isNew) addWide(keyed, gather);
      const panes = keyed.window(isNew ? 'panes-2' : 'panes', tumbling(milliseconds(PANE_MS)), {
        allowedLateness: milliseconds(LATENESS_MS),
        ...(isNew && { renamedFrom: 'panes' }),
      });
      panes.late.sink('late', appendTo('late', Event));
      const ids = gather((event: Event) => event.id);
      const rows = (
        isNew ? panes.aggregate('ids-2', { n: count(), ids }, { renamedFrom: 'ids' }) : panes.aggregate('ids', { ids })
      ).map('row', ({ key, window, value }) => ({ key, start: window.startMs, ids: value.ids }));
      rows.sink('table', dynamoSink({ table: 'panes', schema: Pane, key: ['key', 'start'], streamKey: 'key' }));
      if (isNew) rows.sink('fired-2', appendTo('fired', Pane), { renamedFrom: 'fired' });
      else rows.sink('fired', appendTo('fired', Pane));
      const together = rows.keyBy('together', () => 'all').window('totals', tumbling(milliseconds(TOTAL_MS)));
      together.late.sink('late-rows', appendTo('late-rows', Pane));
      together
        .aggregate('firings', { ids: gather((pane: Pane) => firingId(pane)) })
        .map('total', ({ window, value }) => ({ key: 'all', start: window.startMs, ids: value.ids }))
        .sink('total-rows', appendTo('total-rows', Pane));
      if (!combined && !isNew) addWide(keyed, gather);
    },
  );

const addWide = (
  keyed: KeyedStream<string, Event>,
  gather: (idOf: (event: Event) => string) => Aggregator<Event, unknown, string[]>,
): void => {
  const wide = keyed.window('wide', tumbling(milliseconds(WIDE_MS)));
  wide.late.sink('wide-late', appendTo('wide-late', Event));
  wide
    .aggregate('wide-ids', { ids: gather((event) => event.id) })
    .map('wide-row', ({ key, window, value }) => ({ key, start: window.startMs, ids: value.ids }))
    .sink('wide-fired', appendTo('wide-fired', Pane));
};
