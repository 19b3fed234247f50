import { getOrAdd } from '../core/get-or-add.ts';
import { MAX_WATERMARK_MS, MIN_WATERMARK_MS } from '../time/watermark-strategy.ts';
import type { MarkChange } from './commit.ts';

/** Partitions `from … to`, both inclusive. */
export interface LpRange {
  readonly from: number;
  readonly to: number;
}

/** How far one producer has been applied, per logical partition. */
export class ProducerMark {
  readonly n: Float64Array;
  readonly watermarkMs: Float64Array;
  readonly excluded: Uint8Array;

  constructor(partitions: number) {
    this.n = new Float64Array(partitions);
    this.watermarkMs = new Float64Array(partitions).fill(MIN_WATERMARK_MS);
    this.excluded = new Uint8Array(partitions);
  }

  clone(): ProducerMark {
    const copy = new ProducerMark(0);
    return Object.assign(copy, {
      n: this.n.slice(),
      watermarkMs: this.watermarkMs.slice(),
      excluded: this.excluded.slice(),
    });
  }

  apply(change: MarkChange): void {
    this.n.fill(change.n, change.from, change.to + 1);
    this.watermarkMs.fill(change.watermarkMs, change.from, change.to + 1);
    this.excluded.fill(change.excluded ? 1 : 0, change.from, change.to + 1);
  }
}

/**
 * The marks of a keyed task: for each producer of the roster and each partition it owns, the last commit applied and
 * the watermark that came with it. A producer that was never heard of holds the watermark at its minimum.
 */
export class Marks {
  readonly owned: LpRange;
  readonly #partitions: number;
  readonly #producers: Map<string, ProducerMark>;

  constructor(producers: readonly string[], owned: LpRange, partitions: number) {
    this.owned = owned;
    this.#partitions = partitions;
    this.#producers = new Map(producers.map((producer) => [producer, new ProducerMark(partitions)]));
  }

  get(producer: string): ProducerMark | undefined {
    return this.#producers.get(producer);
  }

  apply(change: MarkChange): void {
    getOrAdd(this.#producers, change.producer, () => new ProducerMark(this.#partitions)).apply(change);
  }

  /**
   * The event time up to which every producer has sent everything: the least over producers and owned partitions.
   * `pending` holds the marks that a commit being computed would set.
   */
  watermarkMs(pending?: ReadonlyMap<string, ProducerMark>): number {
    let least = MAX_WATERMARK_MS;
    let heard = false;
    for (const [producer, committed] of this.#producers) {
      const mark = pending?.get(producer) ?? committed;
      for (let lp = this.owned.from; lp <= this.owned.to; lp++) {
        if (mark.excluded[lp] === 1) continue;
        heard = true;
        const watermarkMs = mark.watermarkMs[lp] as number;
        if (watermarkMs < least) least = watermarkMs;
      }
    }
    return heard ? least : MIN_WATERMARK_MS;
  }

  /** Run-length coded: normally one change per producer. */
  toChanges(): MarkChange[] {
    const changes: MarkChange[] = [];
    for (const [producer, mark] of this.#producers) {
      for (let from = this.owned.from; from <= this.owned.to; ) {
        let to = from;
        while (to < this.owned.to && sameMark(mark, from, to + 1)) to++;
        changes.push({
          producer,
          from,
          to,
          n: mark.n[from] as number,
          watermarkMs: mark.watermarkMs[from] as number,
          excluded: mark.excluded[from] === 1,
        });
        from = to + 1;
      }
    }
    return changes;
  }
}

const sameMark = (mark: ProducerMark, a: number, b: number): boolean =>
  mark.n[a] === mark.n[b] && mark.watermarkMs[a] === mark.watermarkMs[b] && mark.excluded[a] === mark.excluded[b];
