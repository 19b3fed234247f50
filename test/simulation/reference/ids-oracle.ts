import type { SimulationOutcome } from 'millrace/testing';
import { type Event, firingId, PANE_MS, type Pane, WIDE_MS } from '../../support/ids-pipeline.ts';
import { type Expected, type ExpectedEvent, expectFrom } from '../../support/input-events.ts';

/**
 * Holds every list of ids that the ids pipeline has put out against the ids that went in, without Millrace: what is lost,
 * what is there twice and what came in a wrong order are each said by their name.
 */
export const checkIds = (outcome: SimulationOutcome, mayBeLate = false): string[] => {
  const expected = expectFrom(outcome.inputs, { mayBeLate });
  const fired = outcome.output<Pane>('fired');
  const panes = checkWindow('panes', expected.events, fired, outcome.output<Event>('late'), PANE_MS);
  const problems = [...panes.problems, ...checkTable(outcome.output<Pane>('table'), panes.final)];
  problems.push(...checkTotals(outcome, fired, panes.mixed));
  const wide = outcome.output<Pane>('wide-fired');
  const wideLate = outcome.output<Event>('wide-late');
  if (wide.length + wideLate.length > 0)
    problems.push(...checkWindow('wide', expected.events, wide, wideLate, WIDE_MS).problems);
  return [...problems, ...checkQuarantine(outcome, expected)];
};

const paneOf = ({ key, start }: Pick<Pane, 'key' | 'start'>): string => `${key}|${start}`;

interface WindowCheck {
  readonly problems: readonly string[];
  readonly final: ReadonlyMap<string, Pane>;
  /** Panes that a record may have come late to. */
  readonly mixed: ReadonlySet<string>;
}

const checkWindow = (
  name: string,
  events: readonly ExpectedEvent[],
  fired: readonly Pane[],
  late: readonly Event[],
  sizeMs: number,
): WindowCheck => {
  const problems: string[] = [];
  const final = new Map<string, Pane>();
  const firings = new Map<string, number>();
  for (const pane of fired) {
    const id = paneOf(pane);
    const before = final.get(id);
    firings.set(id, (firings.get(id) ?? 0) + 1);
    if (before !== undefined && !before.ids.every((one) => pane.ids.includes(one)))
      problems.push(`${name}: order: ${id} was fired with ${pane.ids} after ${before.ids}`);
    if (before !== undefined && pane.ids.length <= before.ids.length)
      problems.push(`${name}: duplicate: ${id} was fired again with nothing new: ${pane.ids}`);
    final.set(id, pane);
  }
  const lateIds = new Set(late.map(({ id }) => id));
  if (lateIds.size < late.length)
    problems.push(`${name}: duplicate: a late record is there twice: ${late.map(({ id }) => id)}`);
  const placeOf = ({ key, at }: Event) => paneOf({ key, start: Math.floor(at / sizeMs) * sizeMs });
  const found = [...final].flatMap(([id, pane]) => pane.ids.map((one) => `${id} ${one}`));
  const wanted = events.filter(({ id }) => !lateIds.has(id)).map((event) => `${placeOf(event)} ${event.id}`);
  problems.push(...compareIds(name, found, wanted));
  for (const { id, onTime } of events)
    if (onTime && lateIds.has(id)) problems.push(`${name}: ${id} was on time and called late`);
  const mixed = new Set(events.flatMap((event) => (event.onTime ? [] : [placeOf(event)])));
  for (const [id, count] of firings)
    if (count > 1 && !mixed.has(id)) problems.push(`${name}: duplicate: ${id} was fired ${count} times`);
  return { problems, final, mixed };
};

const checkTable = (rows: readonly Pane[], final: ReadonlyMap<string, Pane>): string[] =>
  compareIds(
    'table',
    rows.map((row) => `${paneOf(row)} ${row.ids}`),
    [...final.values()].map((row) => `${paneOf(row)} ${row.ids}`),
  );

/** Every firing is in one total, or late; what fires a pane whose records were all on time is never late. */
const checkTotals = (outcome: SimulationOutcome, fired: readonly Pane[], mixed: ReadonlySet<string>): string[] => {
  const totals = outcome.output<Pane>('total-rows');
  const late = outcome.output<Pane>('late-rows').map(firingId);
  const problems = compareIds('totals', [...totals.flatMap(({ ids }) => ids), ...late], fired.map(firingId));
  if (new Set(totals.map(paneOf)).size < totals.length) problems.push('totals: duplicate: a total was fired twice');
  const onTime = new Set(fired.filter((pane) => !mixed.has(paneOf(pane))).map(firingId));
  for (const id of late) if (onTime.has(id)) problems.push(`totals: ${id} was on time and called late`);
  return problems;
};

const checkQuarantine = ({ rejected }: SimulationOutcome, { poison }: Expected): string[] =>
  compareIds(
    'quarantine',
    rejected.map(({ code, payload }) => `${code} ${payload}`),
    poison.map((text) => `NOT_JSON ${text}`),
  );

const compareIds = (where: string, found: readonly string[], wanted: readonly string[]): string[] => {
  const count = (ids: readonly string[]) => {
    const counts = new Map<string, number>();
    for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
    return counts;
  };
  const [have, want] = [count(found), count(wanted)];
  return [
    ...[...want].filter(([id, times]) => (have.get(id) ?? 0) < times).map(([id]) => `${where}: loss: ${id}`),
    ...[...have].filter(([id, times]) => (want.get(id) ?? 0) < times).map(([id]) => `${where}: duplicate: ${id}`),
  ];
};
