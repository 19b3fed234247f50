import { faultKinds } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { renderSummary } from './reference/render-summary.ts';
import { runSeeds } from './reference/run-seeds.ts';

/** More of them: `npm run simulate -- --seeds 100000`. */
const FIRST_SEED = 1;
const SEEDS = 600;

const statesWorthReaching = [
  'batch commits',
  'mark commits',
  'tick commits',
  'loads of a tail',
  'loads from a snapshot',
  'lost races',
  'republished heads',
  'loads of partitions',
  'snapshots',
  'ring wraps',
  'relays',
  'rejected records',
  'seal commits',
];

describe('the reference pipelines', () => {
  it(`hold every invariant under seeds ${FIRST_SEED} to ${FIRST_SEED + SEEDS - 1}, which meet every fault`, async () => {
    const startMs = performance.now();
    const summary = await runSeeds({ from: FIRST_SEED, count: SEEDS });
    const text = renderSummary(summary, (performance.now() - startMs) / 1_000);
    console.log(text);
    expect(summary.failures.length, text).toBe(0);
    expect(Object.keys(summary.faults).sort()).toEqual([...faultKinds].sort());
    for (const state of statesWorthReaching) expect(summary.reached[state] ?? 0, state).toBeGreaterThan(10);
  });
});
