import {
  type Aggregator,
  boundedOutOfOrderness,
  type Delivery,
  definePipeline,
  dynamoSink,
  kinesisSource,
  milliseconds,
  type Pipeline,
  sliding,
  tumbling,
} from 'millrace';
import type { SimulatedEvent, SimulationOutcome } from 'millrace/testing';
import * as z from 'zod';

const Note = z.object({ id: z.string(), at: z.int() });
const Row = z.object({ key: z.string(), start: z.int(), ids: z.array(z.string()) });

const ids: Aggregator<z.infer<typeof Note>, readonly string[], string[]> = {
  create: () => [],
  add: (list, { id }) => [...list, id],
  merge: (left, right) => [...left, ...right],
  result: (list) => [...list].sort(),
};

const SIZE_MS = 10_000;

/**
 * Few rows that are written again and again, as most records come after their pane has fired and none is too late.
 * @param slideMs from one window's start to the next one's: windows that overlap share what they are made of
 */
export const revisionsPipeline = (delivery: Delivery = 'exactly-once', slideMs: number = SIZE_MS): Pipeline => {
  const size = milliseconds(SIZE_MS);
  const windows = slideMs === SIZE_MS ? tumbling(size) : sliding(size, milliseconds(slideMs));
  return definePipeline(slideMs === SIZE_MS ? 'revisions' : 'sliding-revisions', { delivery }, (p) => {
    p.source(
      'notes',
      kinesisSource({
        stream: 'notes',
        schema: Note,
        eventTimeMs: (note) => note.at,
        watermarks: boundedOutOfOrderness(milliseconds(0)),
      }),
    )
      .keyBy('all', () => 'all')
      .window('panes', windows, { allowedLateness: milliseconds(1_000_000) })
      .aggregate('note-ids', { ids })
      .map('row', ({ key, window, value }) => ({ key, start: window.startMs, ids: value.ids }))
      .sink('table', dynamoSink({ table: 'revisions', schema: Row, key: ['key', 'start'], streamKey: 'key' }));
  });
};

export const makeNotes = (random: { fraction(): number }, size: number): SimulatedEvent[] =>
  Array.from({ length: size }, (_, i) => ({
    source: 'notes',
    value: { id: `n${i}`, at: 1_000_000 + Math.floor(random.fraction() * 40_000) },
  }));

/**
 * Two notes for each pane, the second of them after a note that may have fired it: a batch that ends between the two shows
 * another row under the number that a longer batch gives to the whole one.
 */
export const makeStragglers = (size: number): SimulatedEvent[] =>
  Array.from({ length: size }, (_, i) => {
    const pane = i % 2 === 0 ? i / 2 : (i - 3) / 2;
    return { source: 'notes', value: { id: `n${i}`, at: 1_020_000 + pane * 10_000 + (i % 2) } };
  });

/** In the end each row has every id of its window. */
export const checkRevisions =
  (slideMs: number = SIZE_MS) =>
  (outcome: SimulationOutcome, events: readonly SimulatedEvent[]): string[] => {
    const found = outcome
      .output<z.infer<typeof Row>>('table')
      .flatMap((row) => row.ids.map((id) => `${row.start} ${id}`));
    const wanted = events.flatMap(({ value }) => {
      const { id, at } = value as z.infer<typeof Note>;
      const lastMs = Math.floor(at / slideMs) * slideMs;
      const starts = Array.from({ length: SIZE_MS / slideMs }, (_, i) => lastMs - i * slideMs);
      return starts.map((start) => `${start} ${id}`);
    });
    return [
      ...wanted.filter((id) => !found.includes(id)).map((id) => `table: loss: ${id}`),
      ...found.filter((id, i) => found.indexOf(id) < i || !wanted.includes(id)).map((id) => `table: duplicate: ${id}`),
    ];
  };
