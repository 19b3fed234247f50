import type { SimulationOutcome } from 'millrace/testing';
import { type ExpectedEvent, expectFrom } from '../../support/input-events.ts';
import { BOUND_MS, type Event, LOWER_MS, PANE_MS, type Pair, type Pane, UPPER_MS } from './joins-pipeline.ts';

/**
 * Says without Millrace what a join has to put out: every record of one side with every one of the other, but those that
 * were called late. Those must not have been on time.
 */
export const checkJoins = (outcome: SimulationOutcome): string[] => {
  const sides = (['left', 'right'] as const).map((side) => {
    const { events, poison } = expectFrom(
      outcome.inputs.filter(({ stream }) => stream === `${side}s`),
      { boundMs: BOUND_MS },
    );
    const late = outcome.output<Event>(`late-${side}`).map(({ id }) => id);
    return { side, events, poison, late };
  });
  const [lefts, rights] = sides.map(({ events, late }) => events.filter(({ id }) => !late.includes(id)));
  const wanted = nestedLoops(lefts ?? [], rights ?? []);
  const texts = wanted.map(textOf);
  return [
    ...sides.flatMap(({ side, events, late }) => checkLate(side, events, late)),
    ...compareBags('pairs', outcome.output<Pair>('pairs').map(textOf), texts),
    ...compareBags('table', outcome.output<Pair>('table').map(textOf), texts),
    ...compareBags('late pairs', outcome.output<Pair>('late-pairs').map(textOf), []),
    ...compareBags(
      'panes',
      outcome.output<Pane>('pane-rows').flatMap(({ start, ids }) => ids.map((id) => `${start} ${id}`)),
      wanted.map(({ at, ids }) => `${Math.floor(at / PANE_MS) * PANE_MS} ${ids}`),
    ),
    ...compareBags(
      'quarantine',
      outcome.rejected.map(({ code, payload }) => `${code} ${payload}`),
      sides.flatMap(({ poison }) => poison.map((text) => `NOT_JSON ${text}`)),
    ),
  ];
};

const nestedLoops = (lefts: readonly Event[], rights: readonly Event[]): Pair[] =>
  lefts.flatMap((left) =>
    rights.flatMap((right) => {
      const gapMs = right.at - left.at;
      if (left.key !== right.key || gapMs < LOWER_MS || gapMs > UPPER_MS) return [];
      return [{ key: left.key, ids: `${left.id}-${right.id}`, at: Math.max(left.at, right.at) }];
    }),
  );

const checkLate = (side: string, events: readonly ExpectedEvent[], late: readonly string[]): string[] => [
  ...late.filter((id, i) => late.indexOf(id) < i).map((id) => `late ${side}: duplicate: ${id}`),
  ...late.filter((id) => events.every((event) => event.id !== id)).map((id) => `late ${side}: nobody sent ${id}`),
  ...events
    .filter(({ id, onTime }) => onTime && late.includes(id))
    .map(({ id }) => `late ${side}: ${id} was on time and called late`),
];

const textOf = ({ key, ids, at }: Pair): string => `${key} ${ids} at ${at}`;

const compareBags = (where: string, found: readonly string[], wanted: readonly string[]): string[] => {
  const left = [...found];
  const missing = wanted.filter((text) => {
    const at = left.indexOf(text);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
  return [...missing.map((text) => `${where}: loss: ${text}`), ...left.map((text) => `${where}: surplus: ${text}`)];
};
