import type { Random } from '../../core/random.ts';
import type { Pipeline } from '../../graph/pipeline.ts';
import { defaultPieceLimits, type PieceLimits } from '../../runtime/piece.ts';
import { SeededRandom } from '../seeded-random.ts';
import { Calls } from './calls.ts';
import { calmEnd } from './calm-end.ts';
import { type FaultKind, FaultPlan, type Reduction } from './faults.ts';
import { makeGate } from './gate.ts';
import { placeOf } from './lineage-watch.ts';
import { Mapping } from './mapping.ts';
import { Pool } from './pool.ts';
import { type LogSize, Process } from './process.ts';
import { Reached } from './reached.ts';
import { type RepairOptions, Repairs } from './repairs.ts';
import { Rollout } from './rollout.ts';
import { Scheduler } from './scheduler.ts';
import { Trace } from './trace.ts';
import { Verdict } from './verdict.ts';
import { drawWeakSpot } from './weak-spots.ts';
import { type SimulatedEvent, World } from './world.ts';

/** One seed to be run. */
export interface SeedRun {
  readonly pipeline: Pipeline;
  readonly versions: readonly Pipeline[];
  readonly seed: number;
  readonly makeEvents: (random: Random) => readonly SimulatedEvent[];
  readonly kinds: readonly FaultKind[];
  readonly ticks: boolean;
  readonly shards: number | undefined;
  readonly smallCommits: boolean | undefined;
  readonly smallMemory: boolean | undefined;
  readonly repairs: RepairOptions | undefined;
  readonly reduction: Reduction;
  readonly traceLines: number;
  readonly judge: (world: World, events: readonly SimulatedEvent[], shards: number) => Promise<readonly string[]>;
}

export interface SeedOutcome {
  readonly steps: number;
  readonly eventCount: number;
  readonly faults: ReadonlyMap<FaultKind, number>;
  readonly faultNumbers: readonly number[];
  readonly reached: Readonly<Record<string, number>>;
  readonly violations: readonly string[];
  readonly trace: readonly string[];
}

/** Runs one seed: a disturbed part, a calm end, and the judgement. The same call does the same each time. */
export const runSeed = async (run: SeedRun): Promise<SeedOutcome> => {
  const { pipeline, versions, seed } = run;
  // Three sources, so that what is left out of a run moves nothing else.
  const events = run.makeEvents(new SeededRandom(seed));
  const random = new SeededRandom(seed ^ 0x5bd1e995);
  const ids = new SeededRandom(seed ^ 0x2545f491);
  const shape = drawShape(random, run);
  const cacheBytes = drawMemory(new SeededRandom(seed ^ 0x1b873593), run);
  const faults = new FaultPlan(run.kinds, random, run.reduction);
  const bucket = drawBucket(new SeededRandom(seed ^ 0x7f4a7c15));
  const shortRetention = shape.mayExpire && faults.allow('short-retention');
  const world = new World({
    pipeline,
    shards: shape.shards,
    versions,
    shortRetention,
    hasBucket: bucket !== undefined,
  });
  const reached = new Reached(pipeline, (unit) => world.resharding.attract(placeOf(unit)));
  const verdict = new Verdict(world, reached);
  const trace = new Trace(run.traceLines);
  const mapping = await Mapping.open(pipeline, world);
  let processes = 0;
  const steps = { count: 0 };
  const now = () => steps.count;
  const say = (line: () => string) => trace.add(now(), line);
  const rollout = new Rollout({ pipeline, versions, items: world.items, random, faults, say });
  const isRetired = (process: Process) => process.pipeline !== rollout.pipelineOf(process.stage);
  const weakSpot = drawWeakSpot(random);
  const onEndless = (process: Process) => {
    verdict.add([`an invocation of ${process.stage} does not come to its end`]);
    process.kill();
  };
  const calls = new Calls({ random, faults, trace, now, faultShare: shape.faultShare, weakSpot, onEndless });
  const pool = new Pool(random, 1 + Math.floor(random.fraction() * 3), now, isRetired, (stage) => {
    const skews = random.fraction() < 0.1 && faults.allow('clock-skew');
    const self: Process = new Process({
      world,
      pipeline: rollout.pipelineOf(stage),
      name: `${stage}-${++processes}`,
      stage,
      gate: makeGate({ world, random, faults, reached, calls, faultShare: shape.faultShare }, () => self),
      random: ids,
      observer: reached.observer,
      limits: shape.limits,
      log: { ...shape.log, ...bucket?.log },
      cacheBytes,
      watermarkStepMs: shape.watermarkStepMs,
      onCrash: () => {
        reached.count('crashes');
        calls.kill(self);
      },
      usesBucket: bucket?.isUsed() === true,
      skewMs: skews ? Math.floor((random.fraction() - 0.5) * 600_000) : 0,
    });
    return self;
  });
  const repairs =
    run.repairs &&
    new Repairs({
      options: run.repairs,
      world,
      mapping,
      random,
      reached,
      verdict,
      hire: (stage) => pool.hire(stage),
      say,
    });
  const scheduler = new Scheduler({
    world,
    mapping,
    random,
    faults,
    trace,
    calls,
    pool,
    rollout,
    repairs,
    steps,
    events,
    withoutEvents: new Set(run.reduction.withoutEvents),
    verdict,
    ticks: run.ticks,
    maxBatch: shape.maxBatch,
    disturbances: shape,
  });
  await scheduler.run();
  if (!verdict.isOver) {
    await scheduler.calm();
    await calmEnd(
      world,
      mapping,
      verdict,
      (stage) => pool.pick(stage),
      () => 1 + Math.floor(random.fraction() * 12),
      repairs,
    );
  }
  if (!verdict.isOver) verdict.add(await run.judge(world, events, shape.shards));
  reached.count('ring wraps', [...world.monitor.logs.values()].filter((log) => log.hasWrapped).length);
  return {
    steps: steps.count,
    eventCount: events.length - run.reduction.withoutEvents.length,
    faults: faults.injected,
    faultNumbers: faults.numbers,
    reached: reached.counts,
    violations: verdict.violations,
    trace: trace.lines,
  };
};

/** Memory for one or two partitions: each commit loads what it needs and unloads the rest. */
const drawMemory = (random: Random, { smallMemory }: SeedRun): number | undefined =>
  (smallMemory ?? random.fraction() < 0.4) ? 200 + Math.floor(random.fraction() * 1_500) : undefined;

interface BucketUse {
  /** Payloads that a slot has no room for, so that they go there. */
  readonly log: { readonly inlineBytes?: number };
  /** Asked for each process: while a job changes to a bucket, or back, some put new blobs there and some do not. */
  isUsed(): boolean;
}

/** None in most seeds. */
const drawBucket = (random: Random): BucketUse | undefined => {
  if (random.fraction() >= 0.15) return undefined;
  const share = random.fraction() < 0.5 ? 1 : 0.5;
  return { log: random.fraction() < 0.5 ? { inlineBytes: 200 } : {}, isUsed: () => random.fraction() < share };
};

interface Shape {
  readonly shards: number;
  readonly limits: PieceLimits;
  readonly log: LogSize;
  readonly watermarkStepMs: number;
  readonly maxBatch: number;
  readonly faultShare: number;
  /** Chance of a split or a merge at a step, and how many there are at most. */
  readonly reshardShare: number;
  readonly maxReshards: number;
  readonly maxMappingFaults: number;
  readonly mayExpire: boolean;
}

/** A small ring wraps, and is covered by snapshots, within a run. Small bounds make many commits of one invocation; large ones make one of many records. */
const drawShape = (random: Random, { shards, smallCommits }: SeedRun): Shape => {
  const small = random.fraction() < 0.4;
  const log = {
    ringSize: 4 + Math.floor(random.fraction() * 12),
    snapshotCommits: 2 + Math.floor(random.fraction() * 6),
    ...(random.fraction() < 0.15 ? { inlineBytes: random.fraction() < 0.5 ? 0 : 300 } : {}),
  };
  const share = random.fraction();
  return {
    shards: shards ?? 1 + Math.floor(random.fraction() * 3),
    limits:
      (smallCommits ?? small)
        ? { ...defaultPieceLimits, timers: 2, externalRows: 3, outputBytes: 400 }
        : defaultPieceLimits,
    log,
    watermarkStepMs: random.fraction() < 0.5 ? 0 : 1_000,
    maxBatch: random.fraction() < 0.3 ? 2 : 10,
    faultShare: share < 0.1 ? 0 : share * share * 0.15,
    reshardShare: random.fraction() < 0.5 ? 0 : random.fraction() * 0.02,
    maxMappingFaults: random.fraction() < 0.8 ? 0 : 1 + Math.floor(random.fraction() * 4),
    mayExpire: random.fraction() < 0.12,
    maxReshards: random.fraction() < 0.04 ? 15 : 1 + Math.floor(random.fraction() * 3),
  };
};
