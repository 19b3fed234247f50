import type { Random } from '../../core/random.ts';

/** Everything that the simulator may do to a pipeline. */
export const faultKinds = [
  /** A call is refused, and nothing of it happened. */
  'throttled',
  /** A call took effect, and its caller is told that nobody knows. */
  'answer-lost',
  /** A call was made twice by the client below, since the first answer was lost: the caller sees the second answer. */
  'repeated',
  /** Nobody knows whether a write happened; it does, later. */
  'lands-late',
  /** Some of several records, items or rows are taken; of some that were, the answer says they were not. */
  'partly',
  /** The records of one put are taken in another order. */
  'reordered',
  /** A read of several items sees them at different times, or is cut short. */
  'torn-read',
  /** A stream answers without records although it holds some. */
  'empty-page',
  /** A process dies while it waits for a call; the call may have taken effect, or not. */
  'killed',
  /** A process dies, and a write that it had sent takes effect long after. */
  'killed-lands-late',
  /** A process stops for a long time in the middle of an invocation, and goes on with all that it believed. */
  'frozen',
  /** A shard's batch is given to a second process while the first is at work on it. */
  'overlapping',
  /** A batch that was acknowledged comes once more. */
  'redelivered',
  /** A sink refuses everything for a while. */
  'sink-down',
  /** No blob can be written for so long that the ring fills, as no snapshot covers it. */
  'blobs-down',
  /** A process sees the shards of the next stage as they were before. */
  'stale-shard-map',
  /** A shard is split, and nobody is told. */
  'split',
  /** Two neighbouring shards are merged. */
  'merge',
  /** A stream is given another number of shards, by several splits or merges at once. */
  'scaled',
  /** Records of a shard are delivered before those of the shards that it came from have been. */
  'early-child',
  /** A later version of the pipeline is deployed, where there is one. */
  'upgraded',
  /** A mapping gives up on records that failed or grew too old, and goes on after them. */
  'discarded',
  /** A mapping is made anew at another position. */
  'recreated',
  /** A second mapping reads a shard from its beginning. */
  'second-mapping',
  /** The sources' streams keep records for no longer than a day, and many hours may pass at once. */
  'short-retention',
  /** Hours pass. */
  'clock-jump',
  /** The clock of a process is wrong by minutes. */
  'clock-skew',
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** What is left out of a run, so that a failing one becomes small enough to read. JSON; made by the simulator. */
export interface Reduction {
  /** Events, by their index, that are not sent. */
  readonly withoutEvents: readonly number[];
  /** Faults, by their number in the run, that do not happen. */
  readonly withoutFaults: readonly number[];
}

export const noReduction: Reduction = { withoutEvents: [], withoutFaults: [] };

/** The share of kinds that a seed leaves out altogether: few faults at a time find what all together hide. */
const LEFT_OUT = 0.35;

/** Decides which of the faults that the schedule proposes happen, and counts them. */
export class FaultPlan {
  readonly injected = new Map<FaultKind, number>();
  /** Numbers of the faults that happened. */
  readonly numbers: number[] = [];
  readonly #enabled: ReadonlySet<FaultKind>;
  readonly #without: ReadonlySet<number>;
  #proposed = 0;
  #stopped = false;

  constructor(kinds: readonly FaultKind[], random: Random, reduction: Reduction) {
    const drawn = faultKinds.map((kind) => ({ kind, on: random.fraction() >= LEFT_OUT }));
    this.#enabled = new Set(drawn.filter(({ kind, on }) => on && kinds.includes(kind)).map(({ kind }) => kind));
    this.#without = new Set(reduction.withoutFaults);
  }

  /** Whether the fault that was drawn takes place. */
  allow(kind: FaultKind): boolean {
    if (this.#stopped) return false;
    const number = this.#proposed++;
    if (!this.#enabled.has(kind) || this.#without.has(number)) return false;
    this.numbers.push(number);
    this.injected.set(kind, (this.injected.get(kind) ?? 0) + 1);
    return true;
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  stop(): void {
    this.#stopped = true;
  }
}
