import type { MarkChange } from '../commit/commit.ts';
import { type Marks, ProducerMark } from '../commit/marks.ts';
import type { CoveredRun } from '../commit/outbox.ts';
import { getOrAdd } from '../core/get-or-add.ts';
import { corruptPacket, type Packet } from './packet.ts';
import { bear } from './succession.ts';

/** What to do with one run of a packet. */
export interface RunVerdict {
  readonly run: CoveredRun;
  /** `apply`: it follows what was applied. `drop`: it was applied before. `hold`: something before it is missing. */
  readonly action: 'apply' | 'drop' | 'hold';
}

/**
 * The receiving end of the hops: decides by the marks which parts of a packet are next, which came before and which
 * have to wait. Per producer and partition, every commit is applied once and in the order of its `prev` chain. A seal ends a
 * producer, and what its children send is next only when all their parents have ended.
 */
export class Channel {
  readonly #committed: Marks;
  readonly #pending = new Map<string, ProducerMark>();
  readonly #changes: MarkChange[] = [];

  constructor(committed: Marks) {
    this.#committed = committed;
  }

  /** Cuts the run where marks differ and judges each part. @throws MillraceError `CORRUPT_PACKET` */
  judge(packet: Packet, run: CoveredRun): RunVerdict[] {
    const mark = this.#markOf(packet.producer);
    if (mark === undefined) {
      if (this.#committed.mayBeProducer(packet.producer)) return [{ run, action: 'hold' }];
      throw corruptPacket(`its producer '${packet.producer}' is no task of this job that sends here`);
    }
    const verdicts: RunVerdict[] = [];
    for (let from = run.from; from <= run.to; ) {
      let to = from;
      while (to < run.to && mark.isSameAt(from, to + 1)) to++;
      verdicts.push({ run: { from, to, prev: run.prev }, action: verdictOn(packet, run.prev, mark, from) });
      from = to + 1;
    }
    return verdicts;
  }

  /** The run's rows are in the session now. */
  advance(packet: Packet, run: CoveredRun): void {
    const { producer, n, watermarkMs, excluded, children } = packet;
    const status = children.length === 0 ? 'active' : 'sealed';
    this.#change({ producer, from: run.from, to: run.to, n, watermarkMs, excluded, status });
    for (const child of children) {
      for (const change of bear(child, run.from, run.to, (unit) => this.#markOf(unit))) this.#change(change);
    }
  }

  #change(change: MarkChange): void {
    const { producer } = change;
    getOrAdd(
      this.#pending,
      producer,
      () => this.#committed.get(producer)?.clone() ?? new ProducerMark(this.#committed.partitions, 'unknown'),
    ).apply(change);
    const last = this.#changes.at(-1);
    if (
      last !== undefined &&
      last.producer === producer &&
      last.n === change.n &&
      last.to + 1 === change.from &&
      last.watermarkMs === change.watermarkMs &&
      last.excluded === change.excluded &&
      last.status === change.status
    ) {
      this.#changes[this.#changes.length - 1] = { ...last, to: change.to };
    } else {
      this.#changes.push(change);
    }
  }

  /** Without those that a later one in the same commit covers. */
  get changes(): readonly MarkChange[] {
    return this.#changes.filter(
      (change, i) =>
        !this.#changes.some(
          (later, j) =>
            j > i && later.producer === change.producer && later.from <= change.from && later.to >= change.to,
        ),
    );
  }

  get watermarkMs(): number {
    return this.#committed.watermarkMs(this.#pending);
  }

  #markOf(producer: string): ProducerMark | undefined {
    return this.#pending.get(producer) ?? this.#committed.get(producer);
  }
}

const verdictOn = (packet: Packet, prev: number, mark: ProducerMark, lp: number): RunVerdict['action'] => {
  const status = mark.statusAt(lp);
  if (status === 'unborn' || status === 'unknown') return 'hold';
  const applied = mark.n[lp] as number;
  if (packet.n <= applied) return 'drop';
  if (status === 'sealed') throw corruptPacket(`commit ${packet.n} of '${packet.producer}' comes after its seal`);
  if (prev === applied) return 'apply';
  if (prev > applied) return 'hold';
  throw corruptPacket(`commit ${packet.n} of '${packet.producer}' follows ${prev}, but ${applied} was applied already`);
};
