import {
  boundedOutOfOrderness,
  definePipeline,
  kinesisSink,
  kinesisSource,
  milliseconds,
  type Pipeline,
} from 'millrace';
import type { SimulatedEvent, SimulationOutcome } from 'millrace/testing';
import * as z from 'zod';

const Whole = z.object({ id: z.string(), at: z.int(), breaks: z.boolean() });
const Half = z.object({ id: z.string(), half: z.int() });

/** No keys and no windows: two rows for each event, and some events throw when the first of them is on its way. */
export const pairsPipeline = (): Pipeline =>
  definePipeline('pairs', { quarantine: { maxFraction: 1 } }, (p) => {
    p.source(
      'wholes',
      kinesisSource({
        stream: 'wholes',
        schema: Whole,
        eventTimeMs: (whole) => whole.at,
        watermarks: boundedOutOfOrderness(milliseconds(1_000)),
      }),
    )
      .flatMap('halves', ({ id, breaks }) => [
        { id, half: 1, breaks },
        { id, half: 2, breaks },
      ])
      .map('checked', ({ id, half, breaks }) => {
        if (breaks && half === 2) throw new Error('broken');
        return { id, half };
      })
      .sink('halves-out', kinesisSink({ stream: 'halves', schema: Half, partitionKey: ({ id }) => id }));
  });

export const makeWholes = (random: { fraction(): number }, size: number): SimulatedEvent[] =>
  Array.from({ length: size }, (_, i) => ({
    source: 'wholes',
    value: { id: `w${i}`, at: i * 1_000, breaks: random.fraction() < 0.15 },
  }));

/** Both halves of an event are out, or none of them and the event is in quarantine. */
export const checkPairs = (outcome: SimulationOutcome, events: readonly SimulatedEvent[]): string[] => {
  const out = outcome.output<z.infer<typeof Half>>('halves-out').map(({ id, half }) => `${id}.${half}`);
  const rejected = outcome.rejected.map(({ payload }) => (JSON.parse(payload) as z.infer<typeof Whole>).id);
  const wanted = events.map(({ value }) => value as z.infer<typeof Whole>);
  return [
    ...differ(
      'halves',
      out,
      wanted.flatMap(({ id, breaks }) => (breaks ? [] : [`${id}.1`, `${id}.2`])),
    ),
    ...differ(
      'quarantine',
      rejected,
      wanted.filter(({ breaks }) => breaks).map(({ id }) => id),
    ),
  ];
};

const differ = (where: string, found: readonly string[], wanted: readonly string[]): string[] => {
  const lost = wanted.filter((id) => !found.includes(id)).map((id) => `${where}: loss: ${id}`);
  const surplus = found.filter((id, i) => !wanted.includes(id) || found.indexOf(id) < i);
  return [...lost, ...surplus.map((id) => `${where}: duplicate: ${id}`)];
};
