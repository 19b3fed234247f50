import * as z from 'zod';
import { checkOptions, functionOption, invalidOption } from '../../core/check-options.ts';
import type { Random } from '../../core/random.ts';
import type { Pipeline } from '../../graph/pipeline.ts';
import { type FaultKind, faultKinds, noReduction, type Reduction } from './faults.ts';
import { requireOnTime } from './on-time.ts';
import { lookAt, type SimulationOutcome } from './outcome.ts';
import { differences, referenceRun } from './reference-run.ts';
import type { RepairOptions } from './repairs.ts';
import { runSeed, type SeedOutcome } from './run-seed.ts';
import { shrink } from './shrink.ts';
import type { SimulatedEvent, World } from './world.ts';

/** Options of {@link simulate}. */
export interface SimulateOptions {
  /** Decides everything: arrivals, batches, processes, interleavings, faults and time. A whole number. */
  readonly seed: number;
  /** What producers send, in this order; a function makes it from the seed. 20 to 40 events are enough. */
  readonly events: readonly SimulatedEvent[] | ((random: Random) => readonly SimulatedEvent[]);
  /** The kinds of faults that may happen. Default: all; `[]` for none. Each seed leaves some of them out. */
  readonly faults?: readonly FaultKind[];
  /** Shards of every stream, 1 … 8. Default: 1 to 3, by the seed. */
  readonly shards?: number;
  /** Whether commits are bounded so tightly that one invocation makes many. Default: by the seed. */
  readonly smallCommits?: boolean;
  /** Whether processes have memory for a partition or two, and load others when they need them. Default: by the seed. */
  readonly smallMemory?: boolean;
  /**
   * Says what is wrong with an outcome, in sentences; none where all is right. Default: the outcome has to be that of a run
   * without faults, which holds only for events that no shard brings late, and output that no order of shards changes.
   */
  readonly check?: (outcome: SimulationOutcome, events: readonly SimulatedEvent[]) => readonly string[];
  /** Sinks that the default check does not compare. */
  readonly ignoreSinks?: readonly string[];
  /**
   * Later versions of the pipeline, deployed one after the other at moments that the seed decides, while processes of the one
   * before are still at work. They have to put out what the pipeline does. Default: none.
   */
  readonly versions?: readonly Pipeline[];
  /**
   * Has operators redrive, release and skip records at moments that the seed decides, some of them at once, as `millrace redrive`
   * and `millrace skip` do. In the end all that can be is redriven, and no key is parked. Needs `check`: what is redriven may
   * come late. Default: none.
   */
  readonly repairs?: RepairOptions;
  /** Runs spent to make a failing one smaller. Default 150; 0 leaves it as it is. */
  readonly shrinkRuns?: number;
  /** What to leave out: `shrunk.reduction` of a failed result, to see it again. */
  readonly reduction?: Reduction;
}

/** What came of a seed. */
export interface SimulationResult {
  readonly seed: number;
  readonly ok: boolean;
  /** Decisions of the scheduler. */
  readonly steps: number;
  /** How often each kind of fault happened. */
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  /** What the run came to: commits by kind, snapshots, lost races, republished heads, relays, … */
  readonly reached: Readonly<Record<string, number>>;
  /** What was wrong, the first thing first. */
  readonly violations: readonly string[];
  /** Where it failed: the smallest failing run that was found, and its last decisions. */
  readonly shrunk?: {
    readonly reduction: Reduction;
    readonly events: number;
    readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
    readonly violations: readonly string[];
    readonly trace: readonly string[];
    readonly runs: number;
  };
}

const TRACE_LINES = 60;

const optionsShape = z.strictObject({
  seed: z.int({ error: 'expected a whole number' }),
  events: z.union([z.array(z.custom<SimulatedEvent>()), functionOption], {
    error: 'expected events, or a function that makes them',
  }),
  faults: z.array(z.enum(faultKinds)).optional(),
  shards: z.int({ error: 'expected a whole number, 1 … 8' }).min(1).max(8).optional(),
  smallCommits: z.boolean().optional(),
  smallMemory: z.boolean().optional(),
  check: functionOption.optional(),
  ignoreSinks: z.array(z.string()).optional(),
  versions: z.array(z.custom<Pipeline>()).optional(),
  repairs: z.object({ setMended: functionOption.optional() }).optional(),
  shrinkRuns: z.int().min(0).optional(),
  reduction: z.object({ withoutEvents: z.array(z.int()), withoutFaults: z.array(z.int()) }).optional(),
});

/**
 * Runs a pipeline through one seeded schedule of faults: processes that die, freeze and lose answers, batches that come
 * twice and with other boundaries, calls of several processes that overlap. The engine is the real one; only what is
 * outside the process is simulated. The protocol's invariants are checked on the way and the outcome at the end.
 *
 * @throws MillraceError `INVALID_OPTION`; `INVALID_ARGUMENT` for events that the default check cannot judge
 *
 * @example
 * for (let seed = 1; seed <= 500; seed++) {
 *   const result = await simulate(revenue, { seed, events: (random) => makeOrders(random) });
 *   expect(result.violations, `seed ${seed}`).toEqual([]);
 * }
 */
export const simulate = async (pipeline: Pipeline, options: SimulateOptions): Promise<SimulationResult> => {
  checkOptions('simulate', optionsShape, options);
  const { seed, reduction = noReduction, shrinkRuns = 150 } = options;
  if (options.repairs !== undefined && options.check === undefined)
    throw invalidOption('simulate', "'repairs' is given without 'check'", "Say with 'check' what has to come out.");
  const first = await runOnce(pipeline, options, reduction, 0);
  const { steps, faults, reached, violations } = first;
  const result = { seed, ok: violations.length === 0, steps, faults: Object.fromEntries(faults), reached, violations };
  if (result.ok) return result;
  const rerun = (smaller: Reduction) => runOnce(pipeline, options, smaller, TRACE_LINES);
  const small = await shrink(await rerun(reduction), rerun, reduction === noReduction ? shrinkRuns : 0);
  const { outcome } = small;
  return {
    ...result,
    shrunk: {
      reduction: reduction === noReduction ? small.reduction : reduction,
      events: outcome.eventCount,
      faults: Object.fromEntries(outcome.faults),
      violations: outcome.violations,
      trace: outcome.trace,
      runs: small.runs,
    },
  };
};

const runOnce = (
  pipeline: Pipeline,
  options: SimulateOptions,
  reduction: Reduction,
  traceLines: number,
): Promise<SeedOutcome> => {
  const {
    seed,
    events,
    faults = faultKinds,
    shards,
    smallCommits,
    smallMemory,
    versions = [],
    repairs,
    check,
  } = options;
  return runSeed({
    pipeline,
    versions,
    seed,
    makeEvents: (random) => checkSources(pipeline, typeof events === 'function' ? events(random) : events),
    kinds: faults,
    // Where idle shards move their watermark, a tick may make records late.
    ticks: check !== undefined || !hasIdleSource(pipeline),
    shards,
    smallCommits,
    smallMemory,
    repairs,
    reduction,
    traceLines,
    judge: (world, sent, shardCount) => judge(options, world, sent, reduction, shardCount),
  });
};

const judge = async (
  { check, ignoreSinks = [] }: SimulateOptions,
  world: World,
  events: readonly SimulatedEvent[],
  { withoutEvents }: Reduction,
  shards: number,
): Promise<readonly string[]> => {
  const indexes = [...events.keys()].filter((i) => !withoutEvents.includes(i));
  const outcome = await lookAt(world);
  if (check !== undefined)
    return check(
      outcome,
      indexes.map((i) => events[i] as SimulatedEvent),
    );
  requireOnTime(world.pipeline, outcome.inputs);
  const wanted = await referenceRun(world.pipeline, events, indexes, shards);
  return differences(
    world.pipeline,
    outcome,
    wanted,
    world.sinkIds.filter((sink) => !ignoreSinks.includes(sink)),
  );
};

const hasIdleSource = (pipeline: Pipeline): boolean =>
  [...pipeline.graph.nodes.values()].some((node) => node.kind === 'source' && node.spec.watermarks.idle !== undefined);

const checkSources = (pipeline: Pipeline, events: readonly SimulatedEvent[]): readonly SimulatedEvent[] => {
  const unknown = events.find(({ source }) => pipeline.graph.nodes.get(source)?.kind !== 'source');
  if (unknown === undefined) return events;
  throw invalidOption(
    'simulate',
    `an event is for '${unknown.source}', which is no source of the pipeline`,
    'Name a source by its id.',
  );
};
