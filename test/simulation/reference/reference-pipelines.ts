import type { Pipeline } from 'millrace';
import type { SimulateOptions } from 'millrace/testing';
import { idsPipeline } from '../../support/ids-pipeline.ts';
import { makeInput } from '../../support/input-events.ts';
import { checkIds } from './ids-oracle.ts';
import { checkJoins } from './joins-oracle.ts';
import { joinsPipeline, makeSides } from './joins-pipeline.ts';
import { checkPairs, makeWholes, pairsPipeline } from './pairs-pipeline.ts';
import { checkRepaired } from './repaired-oracle.ts';
import { makeFaulty, repairedPipeline, setMended } from './repaired-pipeline.ts';
import { checkRevisions, makeNotes, revisionsPipeline } from './revisions-pipeline.ts';
import { makeVisits, visitsPipeline } from './visits-pipeline.ts';

/** A pipeline with what it is sent and who judges it. */
interface Reference {
  readonly pipeline: Pipeline;
  readonly options: Omit<SimulateOptions, 'seed'>;
}

const ids = (combined: boolean) => {
  const pipeline = idsPipeline({ combined });
  // Another version, and back again.
  const versions = [idsPipeline({ combined, version: 2 }), pipeline];
  return (size: number): Reference => ({
    pipeline,
    options: {
      events: (random) =>
        makeInput(random, { count: size, keys: 4, lateShare: 0.12, poisonShare: 0.03, stepMs: 1_500 }).map(
          ({ data, partitionKey }) => ({ source: 'in', value: data, partitionKey }),
        ),
      check: (outcome) => checkIds(outcome),
      versions,
    },
  });
};

/** Of windows of ten seconds. */
const SLIDE_MS = 5_000;

/** When the simulator's clock starts, roughly: where shards go idle by the clock, event time is near it. */
const CLOCK_MS = 1_700_000_000_000;

const idle = (action: 'advance' | 'exclude') => {
  const pipeline = idsPipeline({ idle: action });
  return (size: number): Reference => ({
    pipeline,
    options: {
      events: (random) =>
        makeInput(random, { count: size, keys: 4, stepMs: 10_000, startMs: CLOCK_MS }).map(
          ({ data, partitionKey }) => ({
            source: 'in',
            value: data,
            partitionKey,
          }),
        ),
      check: (outcome) => checkIds(outcome, true),
    },
  });
};

const repaired = (parks: boolean) => {
  const pipeline = repairedPipeline(parks);
  const versions = [repairedPipeline(parks, 2), pipeline];
  return (size: number): Reference => ({
    pipeline,
    options: {
      events: (random) => makeFaulty(random, size),
      check: (outcome, sent) => checkRepaired(parks, outcome, sent),
      versions,
      repairs: { setMended },
    },
  });
};

/** With one shard of each source watermarks follow closely, and what waits is let go early. */
const joins = (shards?: number) => {
  const pipeline = joinsPipeline();
  const versions = [joinsPipeline(2), pipeline];
  return (size: number): Reference => ({
    pipeline,
    options: {
      events: (random) => makeSides(random, size),
      check: checkJoins,
      versions,
      ...(shards !== undefined && { shards }),
    },
  });
};

const visits = [visitsPipeline('sessions'), visitsPipeline('sliding')] as const;
const pairs = pairsPipeline();
const revisions = [revisionsPipeline(), revisionsPipeline('exactly-once', SLIDE_MS)] as const;
const makers = [
  ids(true),
  ids(false),
  (size: number): Reference => ({
    pipeline: visits[size % 2] as Pipeline,
    options: { events: (random) => makeVisits(random, size) },
  }),
  (size: number): Reference => ({
    pipeline: pairs,
    options: { events: (random) => makeWholes(random, size), check: checkPairs },
  }),
  (size: number): Reference => ({
    pipeline: revisions[size % 2] as Pipeline,
    options: {
      events: (random) => makeNotes(random, size),
      check: checkRevisions(size % 2 === 1 ? SLIDE_MS : undefined),
    },
  }),
];

/** Shards that go idle by the clock make long runs, and few things depend on them. */
const idleMakers = [idle('advance'), idle('exclude')];

const repairedMakers = [repaired(true), repaired(false)];

const joinMakers = [joins(), joins(1)];

/** What a seed simulates: the same for all time. */
export const referenceOf = (seed: number): Reference => {
  const own = new Map([
    [7, idleMakers],
    [3, repairedMakers],
    [5, joinMakers],
  ]).get(seed % 8);
  const make = own === undefined ? makers[seed % makers.length] : own[(seed >> 3) % own.length];
  // Ticks and repairs make a run long: fewer events make up for it.
  const size = own === joinMakers ? 8 + (seed % 11) : own === undefined ? 6 + (seed % 9) : 5 + (seed % 6);
  return (make as (size: number) => Reference)(size);
};
