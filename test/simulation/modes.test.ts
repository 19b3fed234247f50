import type { Delivery } from 'millrace';
import { type SimulatedEvent, type SimulationOutcome, simulate } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { makeReadings, outletsPipeline } from './reference/outlets-pipeline.ts';
import { checkRevisions, makeStragglers, revisionsPipeline } from './reference/revisions-pipeline.ts';

const SEEDS = 60;

type Rows = ReadonlyMap<string, readonly string[]>;

interface Reading {
  readonly id: string;
  readonly device: string;
  readonly at: number;
}

const halfSinks = ['queue', 'in-order', 'webhook', 'archive'];
const paneSinks = ['panes-fifo', 'panes-archive', 'panes-webhook', 'panes-stream'];

/** What every sink would show if each committed row came once: said from the events alone. */
const expectedRows = (events: readonly SimulatedEvent[]): Rows => {
  const readings = events.map(({ value }) => value as Reading);
  const halves = readings.flatMap(({ id }) => [1, 2, 3].map((half) => JSON.stringify({ id, half })));
  const panes = new Map<string, string[]>();
  for (const { id, device, at } of readings) {
    const key = JSON.stringify([device, Math.floor(at / 10_000) * 10_000]);
    panes.set(key, [...(panes.get(key) ?? []), id]);
  }
  const fired = [...panes].map(([key, ids]) => {
    const [device, start] = JSON.parse(key);
    return JSON.stringify({ device, start, ids: ids.sort() });
  });
  return new Map([
    ...halfSinks.map((sink) => [sink, halves] as const),
    ...paneSinks.map((sink) => [sink, fired] as const),
  ]);
};

/** Rows that are missing, and rows that are there beyond what is expected, by sink. */
const compare = (outcome: SimulationOutcome, events: readonly SimulatedEvent[]) => {
  const missing: string[] = [];
  const surplus: string[] = [];
  for (const [sink, rows] of expectedRows(events)) {
    const left = [...rows];
    for (const value of outcome.output(sink)) {
      const at = left.indexOf(JSON.stringify(value));
      if (at < 0) surplus.push(`${sink} ${JSON.stringify(value)}`);
      else left.splice(at, 1);
    }
    missing.push(...left.map((row) => `${sink} ${row}`));
  }
  return { missing, surplus };
};

/** Runs the seeds, and says how many rows were missing, and how many there were too many, over all of them. */
const run = async (delivery: Delivery, forbidden: 'missing' | 'surplus') => {
  const pipeline = outletsPipeline(delivery);
  const found: Record<'missing' | 'surplus', string[]> = { missing: [], surplus: [] };
  let unsent = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const result = await simulate(pipeline, {
      seed,
      events: (random) => makeReadings(random, 12 + (seed % 10)),
      check: (outcome, events) => {
        const seen = compare(outcome, events);
        found.missing.push(...seen.missing);
        found.surplus.push(...seen.surplus);
        return seen[forbidden].map((row) => `${forbidden}: ${row}`);
      },
    });
    expect(result.violations, `seed ${seed}\n${result.shrunk?.trace.join('\n')}`).toEqual([]);
    unsent += result.reached['unsent rows'] ?? 0;
  }
  return { missing: found.missing, surplus: found.surplus, unsent };
};

const sinksOf = (rows: readonly string[]) => new Set(rows.map((row) => row.slice(0, row.indexOf(' '))));

describe(`under seeds 1 to ${SEEDS}`, () => {
  it('at-least-once loses no row at any sink, and does repeat some at each', async () => {
    const { missing, surplus } = await run('at-least-once', 'missing');
    expect(missing).toEqual([]);
    expect(sinksOf(surplus)).toEqual(new Set([...halfSinks, ...paneSinks]));
  });

  it('at-least-once leaves tables exactly-once: no row of a commit that was not made hides a newer one', async () => {
    const pipeline = revisionsPipeline('at-least-once');
    for (let seed = 1; seed <= SEEDS; seed++) {
      const events = makeStragglers(14 + (seed % 20));
      const result = await simulate(pipeline, { seed, shards: 1, events, check: checkRevisions() });
      expect(result.violations, `seed ${seed}\n${result.shrunk?.trace.join('\n')}`).toEqual([]);
    }
  });

  it('at-most-once sends no row twice to any sink, and does lose some at each, not all of them counted', async () => {
    const { missing, surplus, unsent } = await run('at-most-once', 'surplus');
    expect(surplus).toEqual([]);
    expect(sinksOf(missing)).toEqual(new Set([...halfSinks, ...paneSinks]));
    expect(unsent).toBeGreaterThan(0);
  });
});
