import { expect } from 'vitest';
import { readJob } from '../../lib/commit/job.ts';
import { listQuarantine } from '../../lib/runtime/quarantine.ts';
import { type Event, firingId, PANE_MS, type Pane, WIDE_MS } from './ids-pipeline.ts';
import { type Expected, type ExpectedEvent, expectFrom } from './input-events.ts';
import type { World } from './world.ts';

/**
 * Holds everything that a world of the ids pipeline has put out against what went in: every record is in exactly one
 * place, what came on time is in its pane, and no pane was fired twice.
 */
export const checkOutcome = async (world: World): Promise<void> => {
  const expected = expectFrom(await world.inputByShard());
  const fired = world.appended<Pane>('fired');
  const { final, mixed } = checkWindow(expected.events, fired, world.appended<Event>('late'), PANE_MS);
  expect(sortPanes(world.rows<Pane>('table'))).toEqual(sortPanes([...final.values()]));
  checkTotals(world, fired, mixed);
  if (world.sinks.has('wide-fired')) {
    checkWindow(expected.events, world.appended('wide-fired'), world.appended('wide-late'), WIDE_MS);
  }
  await checkQuarantine(world, expected);
};

const paneOf = ({ key, start }: Pick<Pane, 'key' | 'start'>): string => `${key}|${start}`;

const sortPanes = (panes: readonly Pane[]): readonly Pane[] =>
  [...panes].sort((a, b) => (paneOf(a) < paneOf(b) ? -1 : 1));

const checkWindow = (
  events: readonly ExpectedEvent[],
  fired: readonly Pane[],
  late: readonly Event[],
  sizeMs: number,
): { final: ReadonlyMap<string, Pane>; mixed: ReadonlySet<string> } => {
  const final = new Map<string, Pane>();
  for (const pane of fired) {
    const before = final.get(paneOf(pane));
    // Every firing has all of the one before it, and more.
    if (before !== undefined) expect(pane.ids).toEqual(expect.arrayContaining(before.ids));
    if (before !== undefined) expect(pane.ids.length).toBeGreaterThan(before.ids.length);
    final.set(paneOf(pane), pane);
  }
  const lateIds = new Set(late.map(({ id }) => id));
  const got = [...final.values()].flatMap((pane) => pane.ids.map((id) => `${paneOf(pane)} ${id}`));
  const want = events
    .filter(({ id }) => !lateIds.has(id))
    .map(({ id, key, at }) => `${paneOf({ key, start: Math.floor(at / sizeMs) * sizeMs })} ${id}`);
  expect(got.sort()).toEqual(want.sort());
  expect(lateIds.size).toBe(late.length);
  expect(events.filter(({ id, onTime }) => onTime && lateIds.has(id))).toEqual([]);
  const mixed = new Set(
    events.flatMap(({ key, at, onTime }) => (onTime ? [] : [paneOf({ key, start: Math.floor(at / sizeMs) * sizeMs })])),
  );
  for (const pane of final.keys()) {
    if (!mixed.has(pane)) expect([pane, fired.filter((one) => paneOf(one) === pane).length]).toEqual([pane, 1]);
  }
  return { final, mixed };
};

/** Every firing of a pane is in one total, or late; what fires a pane whose records were all on time is never late. */
const checkTotals = (world: World, fired: readonly Pane[], mixed: ReadonlySet<string>): void => {
  const totals = world.appended<Pane>('total-rows');
  const late = world.appended<Pane>('late-rows').map(firingId);
  expect(new Set(totals.map(paneOf)).size).toBe(totals.length);
  expect([...totals.flatMap(({ ids }) => ids), ...late].sort()).toEqual(fired.map(firingId).sort());
  const onTime = new Set(fired.filter((pane) => !mixed.has(paneOf(pane))).map(firingId));
  expect(late.filter((id) => onTime.has(id))).toEqual([]);
};

const checkQuarantine = async (world: World, expected: Expected): Promise<void> => {
  const job = await readJob(world.items, world.pipeline.name, 1);
  const quarantined: string[] = [];
  if (job !== undefined) {
    for await (const record of listQuarantine(world, job)) {
      quarantined.push(`${record.code} ${Buffer.from(record.payload, 'base64').toString()}`);
    }
  }
  expect(quarantined.sort()).toEqual(expected.poison.map((text) => `NOT_JSON ${text}`).sort());
};
