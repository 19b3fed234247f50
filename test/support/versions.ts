import {
  type Aggregator,
  boundedOutOfOrderness,
  count,
  definePipeline,
  kinesisSink,
  kinesisSource,
  milliseconds,
  type Pipeline,
  session,
  tumbling,
} from 'millrace';
import * as z from 'zod';

export const Visit = z.object({ id: z.string(), key: z.string(), at: z.int() });
export type Visit = z.infer<typeof Visit>;

export const Fired = z.object({ key: z.string(), start: z.int(), ids: z.array(z.string()), n: z.int().optional() });
export type Fired = z.infer<typeof Fired>;

/** The ids of a pane, first as a list and then as an object with one: what was stored in one form is read in the other. */
export const listOfIds: Aggregator<Visit, readonly string[], string[]> = {
  kind: 'ids',
  create: () => [],
  add: (ids, { id }) => [...ids, id],
  merge: (left, right) => [...left, ...right],
  result: (ids) => [...ids].sort(),
};

interface Ids {
  readonly ids: readonly string[];
}

export const objectOfIds: Aggregator<Visit, Ids, string[]> = {
  kind: 'ids',
  version: 2,
  upcasts: { 1: (ids: readonly string[]) => ({ ids }) },
  create: () => ({ ids: [] }),
  add: ({ ids }, { id }) => ({ ids: [...ids, id] }),
  merge: (left, right) => ({ ids: [...left.ids, ...right.ids] }),
  result: ({ ids }) => [...ids].sort(),
};

export interface VersionOptions {
  /** Ids of the window, its aggregate and its sink. */
  readonly window?: readonly [id: string, renamedFrom?: string];
  readonly aggregate?: readonly [id: string, renamedFrom?: string];
  readonly sink?: readonly [id: string, renamedFrom?: string];
  readonly ids?: Aggregator<Visit, never, string[]>;
  /** A count beside the ids. */
  readonly counts?: 'none' | 'before' | 'after';
  /** A second window, so that nothing is combined. */
  readonly sessions?: boolean;
  readonly sizeMs?: number;
  readonly name?: string;
  readonly partitions?: 64 | 128;
  /** Keys wait behind what is rejected. */
  readonly parks?: boolean;
}

const renamed = ([, renamedFrom]: readonly [string, string?]) => (renamedFrom === undefined ? {} : { renamedFrom });

const appendTo = (stream: string) => kinesisSink({ stream, schema: Fired, partitionKey: ({ key }) => key });

/** Versions of one pipeline: visits by key, in windows. */
export const versionOf = (options: VersionOptions = {}): Pipeline => {
  const { window = ['panes'], aggregate = ['lists'], sink = ['out'], counts = 'none', sizeMs = 10_000 } = options;
  const { ids = listOfIds as Aggregator<Visit, never, string[]>, sessions = false, name = 'visits' } = options;
  const quarantine = options.parks === true ? ({ maxFraction: 1, afterRejection: 'park-key' } as const) : {};
  return definePipeline(name, { partitions: options.partitions ?? 64, quarantine }, (p) => {
    const keyed = p
      .source(
        'in',
        kinesisSource({
          stream: 'in',
          schema: Visit,
          eventTimeMs: ({ at }) => at,
          watermarks: boundedOutOfOrderness(milliseconds(0)),
        }),
      )
      .keyBy('by-key', ({ key }) => key);
    const panes = keyed.window(window[0], tumbling(milliseconds(sizeMs)), renamed(window));
    const aggregators = counts === 'before' ? { n: count(), ids } : counts === 'after' ? { ids, n: count() } : { ids };
    panes
      .aggregate(
        aggregate[0],
        aggregators as { ids: typeof ids; n: Aggregator<unknown, number, number> },
        renamed(aggregate),
      )
      .map('row', ({ key, window: { startMs }, value }) => ({ key, start: startMs, ...value }))
      .sink(sink[0], appendTo('fired'), renamed(sink));
    if (!sessions) return;
    keyed
      .window('sessions', session(milliseconds(5_000)))
      .aggregate('session-lists', { ids })
      .map('session-row', ({ key, window: { startMs }, value }) => ({ key, start: startMs, ...value }))
      .sink('session-out', appendTo('sessions-fired'));
  });
};
