import type { MarkChange } from '../commit/commit.ts';
import type { Marks, ProducerMark } from '../commit/marks.ts';
import type { CoveredRun } from '../commit/outbox.ts';
import { getOrAdd } from '../core/get-or-add.ts';
import { corruptPacket, type Packet } from './packet.ts';

/** What to do with one run of a packet. */
export interface RunVerdict {
  readonly run: CoveredRun;
  /** `apply`: it follows what was applied. `drop`: it was applied before. `hold`: something before it is missing. */
  readonly action: 'apply' | 'drop' | 'hold';
}

/**
 * The receiving end of the hops: decides by the marks which parts of a packet are next, which came before and which
 * have to wait. Per producer and partition, every commit is applied once and in the order of its `prev` chain.
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
    const verdicts: RunVerdict[] = [];
    for (let from = run.from; from <= run.to; ) {
      const applied = mark.n[from] as number;
      let to = from;
      while (to < run.to && mark.n[to + 1] === applied) to++;
      verdicts.push({ run: { from, to, prev: run.prev }, action: verdictOn(packet, run.prev, applied) });
      from = to + 1;
    }
    return verdicts;
  }

  /** The run's rows are in the session now. */
  advance(packet: Packet, run: CoveredRun): void {
    const mark = getOrAdd(this.#pending, packet.producer, () => this.#markOf(packet.producer).clone());
    const { producer, n, watermarkMs, excluded } = packet;
    const change: MarkChange = { producer, from: run.from, to: run.to, n, watermarkMs, excluded };
    mark.apply(change);
    const last = this.#changes.at(-1);
    if (
      last !== undefined &&
      last.producer === producer &&
      last.n === n &&
      last.to + 1 === run.from &&
      last.watermarkMs === watermarkMs
    ) {
      this.#changes[this.#changes.length - 1] = { ...last, to: run.to };
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

  #markOf(producer: string): ProducerMark {
    const mark = this.#pending.get(producer) ?? this.#committed.get(producer);
    if (mark === undefined) throw corruptPacket(`its producer '${producer}' is not in the job's roster`);
    return mark;
  }
}

const verdictOn = (packet: Packet, prev: number, applied: number): RunVerdict['action'] => {
  if (packet.n <= applied) return 'drop';
  if (prev === applied) return 'apply';
  if (prev > applied) return 'hold';
  throw corruptPacket(`commit ${packet.n} of '${packet.producer}' follows ${prev}, but ${applied} was applied already`);
};
