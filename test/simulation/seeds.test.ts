import { faultKinds } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { renderSummary } from './reference/render-summary.ts';
import { addSummaries, emptySummary, runSeeds } from './reference/run-seeds.ts';

/** More of them: `npm run simulate -- --seeds 100000`. */
const SEEDS = 2_000;
const SLICE = 250;
const slices = Array.from({ length: SEEDS / SLICE }, (_, i) => [i * SLICE + 1, (i + 1) * SLICE] as const);

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
  'blobs in a bucket',
  'redrive commits',
  'redriven records',
  'redriven in vain',
  'released keys',
  'skipped records',
  'crashes',
];

describe('the reference pipelines', () => {
  let all = emptySummary;
  let allSeconds = 0;

  it.each(slices)('hold every invariant under seeds %i to %i', async (from, to) => {
    const startMs = performance.now();
    const summary = await runSeeds({ from, count: to - from + 1 });
    const seconds = (performance.now() - startMs) / 1_000;
    all = addSummaries(all, summary);
    allSeconds += seconds;
    expect(summary.failures.length, renderSummary(summary, seconds)).toBe(0);
  });

  it('have met every fault and reached every state worth it', () => {
    console.log(renderSummary(all, allSeconds));
    expect(Object.keys(all.faults).sort()).toEqual([...faultKinds].sort());
    for (const state of statesWorthReaching) expect(all.reached[state] ?? 0, state).toBeGreaterThan(10);
  });
});
