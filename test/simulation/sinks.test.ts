import { faultKinds, simulate } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { makeReadings, outletsPipeline } from './reference/outlets-pipeline.ts';

const SEEDS = 60;

describe('queues, buckets and webhooks', () => {
  it(`show each committed row once to readers who drop repeats by id, under seeds 1 to ${SEEDS}`, async () => {
    const pipeline = outletsPipeline();
    const faults = new Set<string>();
    let marks = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const result = await simulate(pipeline, { seed, events: (random) => makeReadings(random, 12 + (seed % 10)) });
      expect(result.violations, `seed ${seed}\n${result.shrunk?.trace.join('\n')}`).toEqual([]);
      for (const kind of Object.keys(result.faults)) faults.add(kind);
      marks += result.reached['mark commits'] ?? 0;
    }
    // There is one version of this pipeline only.
    expect([...faults].sort()).toEqual(faultKinds.filter((kind) => kind !== 'upgraded').sort());
    // What a deadline leaves over is carried on under its old names.
    expect(marks).toBeGreaterThan(10);
  });
});
