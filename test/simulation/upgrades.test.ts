import { simulate } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { referenceOf } from './reference/reference-pipelines.ts';

const SEEDS = 120;

/** Few faults of other kinds, so that deployments meet much that goes well. */
const kinds = [
  'upgraded',
  'frozen',
  'killed',
  'overlapping',
  'redelivered',
  'lands-late',
  'killed-lands-late',
] as const;

describe('versions that are deployed one after the other', () => {
  it(`put out what one would have, under ${SEEDS} seeds, although the one before is still at work`, async () => {
    let upgrades = 0;
    for (let i = 0; i < SEEDS; i++) {
      // The pipelines that have versions are the first two.
      const seed = 5 * Math.floor(i / 2) + (i % 2);
      const { pipeline, options } = referenceOf(seed);
      const { violations, reached, shrunk } = await simulate(pipeline, { ...options, seed, faults: kinds });
      expect(violations, `seed ${seed}\n${shrunk?.trace.join('\n')}`).toEqual([]);
      upgrades += reached['upgrade commits'] ?? 0;
    }
    expect(upgrades).toBeGreaterThan(SEEDS);
  });
});
