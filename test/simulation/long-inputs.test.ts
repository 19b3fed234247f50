import { simulate } from 'millrace/testing';
import { expect, it } from 'vitest';
import { idsPipeline } from '../support/ids-pipeline.ts';
import { makeInput } from '../support/input-events.ts';
import { checkIds } from './reference/ids-oracle.ts';

const SEEDS = 40;
const combined = idsPipeline();
const raw = idsPipeline({ combined: false });

/** The reference pipelines of the simulator are sent some ten records each. */
it('sixty records end up in one place each, whatever happens to them', async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { violations } = await simulate(seed % 2 === 0 ? combined : raw, {
      seed,
      events: (random) =>
        makeInput(random, { count: 60, keys: 4, lateShare: 0.15, poisonShare: 0.03, stepMs: 1_500 }).map(
          ({ data, partitionKey }) => ({ source: 'in', value: data, partitionKey }),
        ),
      check: (outcome) => checkIds(outcome),
      shrinkRuns: 0,
    });
    expect(violations, `seed ${seed}`).toEqual([]);
  }
});
