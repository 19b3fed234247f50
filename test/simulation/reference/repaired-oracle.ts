import type { RejectedRecord, SimulatedEvent, SimulationOutcome } from 'millrace/testing';
import { type Event, marks, PANE_MS, type Pane, WIDE_MS } from './repaired-pipeline.ts';

/**
 * Each record has one effect, however often it was rejected, redriven and released: it is in its pane, late, or in
 * quarantine for good. Only what was to be rejected was, only what a repair has held up is late, and what nobody touched keeps
 * the order of its key.
 */
export const checkRepaired = (
  parks: boolean,
  outcome: SimulationOutcome,
  sent: readonly SimulatedEvent[],
): string[] => {
  const all = sent.map(({ value }) => value as Event);
  // Never added to any pane: it is rejected until it is too late for all of them.
  const late = new Set(outcome.output<Event>('wide-late').map(({ id }) => id));
  const isHopeless = ({ id }: Event) => has(id, marks.never) || (has(id, marks.neverRow) && !late.has(id));
  const hopeless = all.filter(isHopeless).map(({ id }) => id);
  const events = all.filter((event) => !isHopeless(event));
  const skipped = new Set(outcome.everRejected.filter(isSkipped).flatMap(idsIn));
  // What a key waits for is no later than what waits, unless the key is let go on without it.
  const orderly = ['e', marks.pane, ...(parks && !outcome.released ? [marks.row] : [])];
  const isPunctual = (id: string) => has(id, ...orderly) && !skipped.has(id);
  return [
    ...checkRejected(outcome.everRejected),
    ...compare('quarantine', outcome.rejected.filter(({ kind }) => kind !== 'decision').flatMap(idsIn), hopeless),
    ...checkWindow(outcome, ['fired', 'late', PANE_MS], events, isPunctual),
    ...checkWindow(outcome, ['wide-fired', 'wide-late', WIDE_MS], events, isPunctual),
  ];
};

const isSkipped = ({ code, kind }: RejectedRecord): boolean => code === 'SKIPPED' && kind === 'record';

const idsIn = ({ payload }: RejectedRecord): string[] => payload.match(/\b[a-z]\d+(?=")/g)?.filter(isId) ?? [];

const isId = (text: string): boolean => !text.startsWith('k');

const has = (id: string, ...some: readonly string[]): boolean => some.includes(id[0] as string);

/** Who did nothing wrong is not rejected, unless an operator says so or it is in a pane with one who did. */
const checkRejected = (rejected: readonly RejectedRecord[]): string[] =>
  rejected.flatMap((record) => {
    const { kind, code, payload } = record;
    const ids = idsIn(record);
    const mine = (...some: readonly string[]) => ids.some((id) => has(id, ...some));
    const isRight =
      kind === 'decision' ||
      code === 'SKIPPED' ||
      (code === 'CRASH' && kind === 'record' && mine(marks.crash)) ||
      (code === 'USER_CODE' && kind === 'record' && mine(marks.source, marks.never)) ||
      (code === 'USER_CODE' && kind === 'row' && mine(marks.row, marks.neverRow)) ||
      (code === 'USER_CODE' && kind === 'pane' && mine(marks.pane));
    return isRight ? [] : [`quarantine: ${payload} was rejected as a ${kind} with ${code}`];
  });

const checkWindow = (
  outcome: SimulationOutcome,
  [firedSink, lateSink, sizeMs]: readonly [string, string, number],
  events: readonly Event[],
  isPunctual: (id: string) => boolean,
): string[] => {
  const fired = outcome.output<Pane>(firedSink);
  const late = outcome.output<Event>(lateSink).map(({ id }) => id);
  const lateIds = new Set(late);
  const paneOf = ({ key, at }: Event) => `${key}|${Math.floor(at / sizeMs) * sizeMs}`;
  const wanted = events.map((event) => (lateIds.has(event.id) ? event.id : `${paneOf(event)} ${event.id}`));
  const found = fired.flatMap(({ key, start, ids }) => ids.map((id) => `${key}|${start} ${id}`));
  const names = fired.map(({ key, start }) => `${key}|${start}`);
  const inOrder = events.map(({ id }) => id).filter(isPunctual);
  return [
    ...compare(firedSink, [...found, ...late], wanted),
    ...names.filter((name, i) => names.indexOf(name) < i).map((name) => `${firedSink}: duplicate: ${name} fired twice`),
    ...late.filter(isPunctual).map((id) => `${lateSink}: ${id} was on time`),
    ...fired
      .map(({ ids }) => ids.filter(isPunctual))
      .filter((ids) => ids.some((id, i) => i > 0 && inOrder.indexOf(id) < inOrder.indexOf(ids[i - 1] as string)))
      .map((ids) => `${firedSink}: order: ${ids}`),
  ];
};

const compare = (where: string, found: readonly string[], wanted: readonly string[]): string[] => [
  ...wanted.filter((id) => !found.includes(id)).map((id) => `${where}: loss: ${id}`),
  ...found.filter((id, i) => !wanted.includes(id) || found.indexOf(id) < i).map((id) => `${where}: duplicate: ${id}`),
];
