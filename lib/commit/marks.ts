import { getOrAdd } from '../core/get-or-add.ts';
import { MAX_WATERMARK_MS, MIN_WATERMARK_MS } from '../time/watermark-strategy.ts';
import type { MarkChange, MarkStatus } from './commit.ts';
import { familyOf } from './log-unit.ts';

/** Partitions `from … to`, both inclusive. */
export interface LpRange {
  readonly from: number;
  readonly to: number;
}

/** `unknown` is what no commit has said anything of: a child whose parents' seals have not arrived. */
type LpStatus = MarkStatus | 'unknown';

const statuses: readonly LpStatus[] = ['active', 'sealed', 'unborn', 'unknown'];
const SEALED = statuses.indexOf('sealed');
const UNKNOWN = statuses.indexOf('unknown');

/** How far one producer has been applied, per logical partition. */
export class ProducerMark {
  readonly n: Float64Array;
  readonly watermarkMs: Float64Array;
  readonly excluded: Uint8Array;
  readonly #status: Uint8Array;

  constructor(partitions: number, status: LpStatus) {
    this.n = new Float64Array(partitions);
    this.watermarkMs = new Float64Array(partitions).fill(MIN_WATERMARK_MS);
    this.excluded = new Uint8Array(partitions);
    this.#status = new Uint8Array(partitions).fill(statuses.indexOf(status));
  }

  clone(): ProducerMark {
    const copy = new ProducerMark(this.n.length, 'unknown');
    copy.n.set(this.n);
    copy.watermarkMs.set(this.watermarkMs);
    copy.excluded.set(this.excluded);
    copy.#status.set(this.#status);
    return copy;
  }

  statusAt(lp: number): LpStatus {
    return statuses[this.#status[lp] as number] as LpStatus;
  }

  /** Whether the watermark has to wait for it. */
  holdsAt(lp: number): boolean {
    const status = this.#status[lp];
    return status !== SEALED && status !== UNKNOWN && this.excluded[lp] === 0;
  }

  apply({ from, to, n, watermarkMs, excluded, status }: MarkChange): void {
    this.n.fill(n, from, to + 1);
    this.watermarkMs.fill(watermarkMs, from, to + 1);
    this.excluded.fill(excluded ? 1 : 0, from, to + 1);
    this.#status.fill(statuses.indexOf(status), from, to + 1);
  }

  isSameAt(a: number, b: number): boolean {
    return (
      this.n[a] === this.n[b] &&
      this.watermarkMs[a] === this.watermarkMs[b] &&
      this.excluded[a] === this.excluded[b] &&
      this.#status[a] === this.#status[b]
    );
  }
}

/**
 * The marks of a keyed task: for each producer and each partition it owns, the last commit applied and the watermark that
 * came with it. Producers of the roster are known from the start, and one that was never heard of holds the watermark at its
 * minimum; the others are born by the seals of their parents.
 */
export class Marks {
  readonly owned: LpRange;
  readonly partitions: number;
  readonly #producers: Map<string, ProducerMark>;
  readonly #families: ReadonlySet<string>;

  constructor(roster: readonly string[], owned: LpRange, partitions: number) {
    this.owned = owned;
    this.partitions = partitions;
    this.#producers = new Map(roster.map((producer) => [producer, new ProducerMark(partitions, 'active')]));
    this.#families = new Set(roster.map(familyOf));
  }

  get(producer: string): ProducerMark | undefined {
    return this.#producers.get(producer);
  }

  /** Whether it is a task of one of the stages that send here, on whatever shard. */
  mayBeProducer(unit: string): boolean {
    return this.#families.has(familyOf(unit));
  }

  apply(change: MarkChange): void {
    getOrAdd(this.#producers, change.producer, () => new ProducerMark(this.partitions, 'unknown')).apply(change);
  }

  /**
   * The event time up to which every producer has sent everything: the least over producers and owned partitions.
   * `pending` holds the marks that a commit being computed would set.
   */
  watermarkMs(pending: ReadonlyMap<string, ProducerMark> = new Map()): number {
    let least = MAX_WATERMARK_MS;
    let heard = false;
    const take = (mark: ProducerMark) => {
      for (let lp = this.owned.from; lp <= this.owned.to; lp++) {
        if (!mark.holdsAt(lp)) continue;
        heard = true;
        const watermarkMs = mark.watermarkMs[lp] as number;
        if (watermarkMs < least) least = watermarkMs;
      }
    };
    for (const [producer, committed] of this.#producers) take(pending.get(producer) ?? committed);
    for (const [producer, born] of pending) if (!this.#producers.has(producer)) take(born);
    return heard ? least : MIN_WATERMARK_MS;
  }

  /** Run-length coded: normally one change per producer. */
  toChanges({ from: first, to: last }: LpRange = this.owned): MarkChange[] {
    const changes: MarkChange[] = [];
    for (const [producer, mark] of this.#producers) {
      for (let from = first; from <= last; ) {
        let to = from;
        while (to < last && mark.isSameAt(from, to + 1)) to++;
        const status = mark.statusAt(from);
        if (status !== 'unknown') {
          changes.push({
            producer,
            from,
            to,
            n: mark.n[from] as number,
            watermarkMs: mark.watermarkMs[from] as number,
            excluded: mark.excluded[from] === 1,
            status,
          });
        }
        from = to + 1;
      }
    }
    return changes;
  }
}
