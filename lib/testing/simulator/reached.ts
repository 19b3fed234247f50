import type { Pipeline } from '../../graph/pipeline.ts';
import type { RuntimeObserver } from '../../runtime/ports.ts';

/** Counts what a run has come to: a simulation that never meets a lost race says nothing about lost races. */
export class Reached {
  readonly counts: Record<string, number> = {};
  readonly #ownStream: ReadonlyMap<string, string>;
  readonly #onRare: (unit: string) => void;

  /** @param onRare told of each task that is in a state to be handed over in: it holds packets, or knows what was redriven */
  constructor(pipeline: Pipeline, onRare: (unit: string) => void) {
    this.#onRare = onRare;
    this.#ownStream = new Map(pipeline.plan.stages.map(({ id, input }) => [id, input.stream]));
  }

  readonly observer: RuntimeObserver = {
    committed: ({ unit, kind }) => {
      this.count(kind === 'batch' ? 'batch commits' : `${kind} commits`);
      if (kind === 'redrive') this.#onRare(unit);
    },
    lostRace: () => this.count('lost races'),
    rejected: () => this.count('rejected records'),
    loaded: (_unit, tailCommits, snapshot) => {
      this.count('loads');
      if (snapshot) this.count('loads from a snapshot');
      if (tailCommits > 0) this.count('loads of a tail');
    },
    snapshot: () => this.count('snapshots'),
    partitionsLoaded: (_unit, count) => this.count('loads of partitions', count),
    waiting: (unit, { heldRuns }) => {
      if (heldRuns === 0) return;
      this.count('holds of packets');
      this.#onRare(unit);
    },
    republished: () => this.count('republished heads'),
    collected: (_unit, { outcome, removed, wasBegun }) => {
      if (outcome === 'done' && removed > 0) this.count('collections of sealed logs');
      if (wasBegun && removed > 0) this.count('collections taken up again');
    },
    unsent: (_unit, _sink, rows) => this.count('unsent rows', rows),
  };

  /** A stage that puts packets into its own stream sends on what belongs to another shard. */
  put(stage: string, stream: string): void {
    if (this.#ownStream.get(stage) === stream) this.count('relays');
  }

  count(what: string, times = 1): void {
    if (times > 0) this.counts[what] = (this.counts[what] ?? 0) + times;
  }
}
