import {
  type Aggregator,
  boundedOutOfOrderness,
  definePipeline,
  kinesisSink,
  kinesisSource,
  milliseconds,
  type Pipeline,
  tumbling,
} from 'millrace';
import { crashProcess, type SimulatedEvent } from 'millrace/testing';
import * as z from 'zod';

export const PANE_MS = 10_000;
export const WIDE_MS = 20_000;
const STEP_MS = 1_200;

const Event = z.object({ id: z.string(), key: z.string(), at: z.int() });
export type Event = z.infer<typeof Event>;

const Pane = z.object({ key: z.string(), start: z.int(), ids: z.array(z.string()) });
export type Pane = z.infer<typeof Pane>;

/** What stops the marked events until it is mended. One for all runs: they come one after the other. */
const fault = { mended: false };

export const setMended = (isMended: boolean): void => {
  fault.mended = isMended;
};

/** The first letter of an id says what becomes of it. `e`: nothing. */
export const marks = {
  /** Refused by the source stage until that is mended. */
  source: 's',
  /** Refused by the source stage, always. */
  never: 'n',
  /** Ends the process that computes it, until that is mended. */
  crash: 'c',
  /** Refused by the keyed stage until that is mended. */
  row: 'r',
  /** Refused by the keyed stage, always. */
  neverRow: 'h',
  /** Its pane cannot be fired until that is mended. */
  pane: 'p',
} as const;

const refuse = (id: string, ...mark: readonly string[]): void => {
  if (mark.some((one) => id.startsWith(one))) throw new Error('refused');
};

const check = (event: Event): Event => {
  refuse(event.id, marks.never);
  if (fault.mended) return event;
  refuse(event.id, marks.source);
  return event.id.startsWith(marks.crash) ? crashProcess() : event;
};

const addTo = (ids: readonly string[], { id }: Event): string[] => {
  refuse(id, marks.neverRow, ...(fault.mended ? [] : [marks.row]));
  return [...ids, id];
};

const fire = (ids: readonly string[]): string[] => {
  if (!fault.mended) for (const id of ids) refuse(id, marks.pane);
  return [...ids];
};

const listing: Aggregator<Event, readonly string[], string[]> = {
  create: () => [],
  add: addTo,
  merge: (left, right) => [...left, ...right],
  result: fire,
  upcasts: { 2: ({ ids }: Listed) => ids },
};

interface Listed {
  readonly ids: readonly string[];
}

/** The same in another form. */
const listingAnew: Aggregator<Event, Listed, string[]> = {
  version: 2,
  create: () => ({ ids: [] }),
  add: ({ ids }, event) => ({ ids: addTo(ids, event) }),
  merge: (left, right) => ({ ids: [...left.ids, ...right.ids] }),
  result: ({ ids }) => fire(ids),
  upcasts: { 1: (ids: readonly string[]) => ({ ids }) },
};

/** Lets panes fire, whatever is in them. */
const plainly: Aggregator<Event, readonly string[], string[]> = { ...listing, result: (ids) => [...ids] };

const appendTo = <S extends z.ZodType>(stream: string, schema: S) =>
  kinesisSink({ stream, schema, partitionKey: () => 'p' });

/**
 * Records that fail in every place there is, until they are mended or for ever. A second window keeps the rows from being
 * combined. `parks`: what follows of a key waits for what was rejected. `version: 2` has another name and form for what is
 * stored of the first window.
 */
export const repairedPipeline = (parks: boolean, version: 1 | 2 = 1): Pipeline =>
  definePipeline(
    parks ? 'parked' : 'repaired',
    { quarantine: { maxFraction: 1, afterRejection: parks ? 'park-key' : 'continue' } },
    (p) => {
      const keyed = p
        .source(
          'in',
          kinesisSource({
            stream: 'in',
            schema: Event,
            eventTimeMs: (event) => event.at,
            watermarks: boundedOutOfOrderness(milliseconds(2_000)),
          }),
        )
        .map('check', check)
        .keyBy('by-key', (event) => event.key);
      const isNew = version === 2;
      const size = tumbling(milliseconds(PANE_MS));
      const panes = isNew ? keyed.window('panes-2', size, { renamedFrom: 'panes' }) : keyed.window('panes', size);
      panes.late.sink('late', appendTo('late', Event));
      panes
        .aggregate('ids', { ids: (isNew ? listingAnew : listing) as Aggregator<Event, unknown, string[]> })
        .map('row', ({ key, window, value }) => ({ key, start: window.startMs, ids: value.ids }))
        .sink('fired', appendTo('fired', Pane));
      const wide = keyed.window('wide', tumbling(milliseconds(WIDE_MS)));
      wide.late.sink('wide-late', appendTo('wide-late', Event));
      wide
        .aggregate('wide-ids', { ids: plainly })
        .map('wide-row', ({ key, window, value }) => ({ key, start: window.startMs, ids: value.ids }))
        .sink('wide-fired', appendTo('wide-fired', Pane));
    },
  );

/** In the order of time: none comes late but by a repair. Events of a key go through one shard. */
export const makeFaulty = (random: { fraction(): number }, size: number): SimulatedEvent[] =>
  Array.from({ length: size }, (_, i) => {
    const all = Object.values(marks);
    const mark = random.fraction() < 0.35 ? (all[Math.floor(random.fraction() * all.length)] as string) : 'e';
    const key = `k${Math.floor(random.fraction() * 3)}`;
    return { source: 'in', value: { id: `${mark}${i}`, key, at: i * STEP_MS } satisfies Event, partitionKey: key };
  });
