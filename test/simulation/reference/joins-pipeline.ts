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
import type { SimulatedEvent } from 'millrace/testing';
import * as z from 'zod';

export const BOUND_MS = 1_000;
export const LOWER_MS = -3_000;
export const UPPER_MS = 7_000;
export const PANE_MS = 10_000;
/** Event times are multiples of it, so that pairs lie on the bounds, too. */
const TICK_MS = 500;

const Event = z.object({ id: z.string(), key: z.string(), at: z.int() });
export type Event = z.infer<typeof Event>;

const Pair = z.object({ key: z.string(), ids: z.string(), at: z.int() });
export type Pair = z.infer<typeof Pair>;

const Pane = z.object({ start: z.int(), ids: z.array(z.string()) });
export type Pane = z.infer<typeof Pane>;

const collected: Aggregator<Pair, readonly string[], string[]> = {
  create: () => [],
  add: (all, { ids }) => [...all, ids],
  merge: (left, right) => [...left, ...right],
  result: (all) => [...all].sort(),
};

const appendTo = <S extends z.ZodType>(stream: string, schema: S) =>
  kinesisSink({ stream, schema, partitionKey: () => 'p' });

/**
 * Two sources joined by key: pairs into a fenced table, an append sink and windows over them, late records of both sides
 * beside them. `version: 2` puts out the same from other names and places.
 */
export const joinsPipeline = (version: 1 | 2 = 1): Pipeline =>
  definePipeline('joins', { quarantine: { maxFraction: 1 } }, (p) => {
    const isNew = version === 2;
    const [left, right] = (['lefts', 'rights'] as const).map((stream) =>
      p
        .source(
          stream,
          kinesisSource({
            stream,
            schema: Event,
            eventTimeMs: (event) => event.at,
            watermarks: boundedOutOfOrderness(milliseconds(BOUND_MS)),
          }),
        )
        .keyBy(`${stream}-by-key`, (event) => event.key),
    );
    const counted = () =>
      right!
        .window('seen', tumbling(milliseconds(PANE_MS)))
        .aggregate('seen-ids', { ids: { ...collected, add: (all: readonly string[], { id }: Event) => [...all, id] } })
        .map('seen-row', ({ window, value }) => ({ start: window.startMs, ids: value.ids }))
        .sink('seen-rows', appendTo('seen-rows', Pane));
    if (isNew) counted();
    const joined = left!.intervalJoin(isNew ? 'join-2' : 'join', right!, {
      lower: milliseconds(LOWER_MS),
      upper: milliseconds(UPPER_MS),
      ...(isNew && { renamedFrom: 'join' }),
    });
    if (!isNew) counted();
    joined.lateLeft.sink('late-left', appendTo('late-left', Event));
    joined.lateRight.sink('late-right', appendTo('late-right', Event));
    const pairs = joined.map('pair', ({ key, left: l, right: r }) => ({
      key,
      ids: `${l.id}-${r.id}`,
      at: Math.max(l.at, r.at),
    }));
    pairs.sink('pairs', appendTo('pairs', Pair));
    pairs.sink('table', dynamoSink({ table: 'pairs', schema: Pair, key: ['key', 'ids'], streamKey: 'key' }));
    const panes = pairs.keyBy('together', () => 'all').window('panes', tumbling(milliseconds(PANE_MS)));
    panes.late.sink('late-pairs', appendTo('late-pairs', Pair));
    panes
      .aggregate('pair-ids', { ids: collected })
      .map('pane', ({ window, value }) => ({ start: window.startMs, ids: value.ids }))
      .sink('pane-rows', appendTo('pane-rows', Pane));
  });

/** Some come late, and some are broken. */
export const makeSides = (random: { fraction(): number }, size: number): SimulatedEvent[] =>
  Array.from({ length: size }, (_, i): SimulatedEvent => {
    const source = random.fraction() < 0.5 ? 'lefts' : 'rights';
    const partitionKey = `p${Math.floor(random.fraction() * 1_000)}`;
    if (random.fraction() < 0.03) return { source, partitionKey, value: Buffer.from(`{broken ${i}`) };
    const lateMs = random.fraction() < 0.1 ? 10_000 : 0;
    const behindMs = Math.floor(random.fraction() * (BOUND_MS / TICK_MS + 1)) * TICK_MS;
    const event: Event = {
      id: `e${i}`,
      key: `k${Math.floor(random.fraction() * 2)}`,
      at: 1_000_000 + i * 1_000 - lateMs - behindMs,
    };
    return { source, partitionKey, value: event };
  });
