import type { CommittedState } from '../commit/committed-state.ts';
import { type StoredRow, toHopRows } from '../commit/hop-rows.ts';
import type { CoveredRun } from '../commit/outbox.ts';
import type { StreamRecord } from '../connectors/stream-port.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import { Channel } from './channel.ts';
import { intersect, type PacketContent } from './cut-packets.ts';
import { fireTimers } from './fire-timers.ts';
import {
  type Arrival,
  arrivalOf,
  committedHolds,
  decodeHold,
  encodeHold,
  type Hold,
  holdKey,
  MAX_HOLDS,
} from './hold-table.ts';
import type { KeyedTask } from './keyed-task.ts';
import type { Packet } from './packet.ts';
import { keyTextOf, Parking } from './parking.ts';
import { type Piece, PieceBuilder } from './piece.ts';
import { releaseKey } from './release-key.ts';
import { rowOrigin } from './row-origin.ts';
import { ownTables } from './task-tables.ts';

/**
 * Applies packets of a repartition stream to the keyed state, then fires what is due, up to the bounds of a commit. A
 * packet that does not fit, or comes to a partition that is not loaded, is applied in part: its marks say which, and the
 * position stays before it.
 */
export const computeKeyed = (
  task: KeyedTask,
  state: CommittedState,
  records: readonly StreamRecord[],
  groupLimit = Infinity,
  combines = true,
): Piece => {
  const computing = new KeyedComputing(task, state, groupLimit, combines);
  const { builder } = computing;
  computing.goOnReleasing();
  let taken = 0;
  // What is due by the marks is fired first: to records after that, its panes are closed, whenever they are delivered.
  const isFiring = state.marks.watermarkMs() > state.head.watermarkMs;
  for (const record of isFiring ? [] : records) {
    if (computing.isFull) break;
    const packet = readPacket(task, record, taken === 0);
    if (packet === undefined) break;
    computing.take(packet, record);
    if (computing.overflowed) return computeKeyed(task, state, records, computing.groupsDone, combines);
    if (computing.stoppedInside) break;
    task.packets.forget(record);
    taken++;
  }
  computing.releaseHolds();
  if (computing.overflowed) return computeKeyed(task, state, records, computing.groupsDone, combines);
  const complete = (isFiring || taken === records.length) && !computing.stoppedInside && !computing.isFull;
  const targetMs = complete ? Math.max(state.head.watermarkMs, computing.channel.watermarkMs) : state.head.watermarkMs;
  const isLast = complete && fireTimers(task, state, builder, computing.parking, targetMs);
  if (combines && !builder.flush(task.program)) return computeKeyed(task, state, records, groupLimit, false);
  const isStuck = !isLast && taken === 0 && computing.channel.changes.length === 0 && builder.session.isEmpty;
  if (isStuck) throw new Error(`${task.stage} on ${task.shardId} needs a partition that was not loaded`);
  const last = records[taken - 1];
  const before = state.head.position;
  return {
    // A commit that stops inside what was delivered must be published again by whoever comes next: see the drain rule.
    kind: taken === records.length && isLast ? 'batch' : 'mark',
    session: builder.session,
    position:
      last === undefined ? before : { ...before, sequenceNumber: last.sequenceNumber, arrivalMs: last.arrivalMs },
    watermarkMs: isLast ? targetMs : state.head.watermarkMs,
    excluded: false,
    marks: computing.channel.changes,
    rejections: builder.rejections,
    relays: computing.relays,
    recordCount: taken,
  };
};

/**
 * The packet in a record. One that cannot be read stops the shard; the commit before it ends where it begins, so that an
 * operator who looks into it finds it as the next record. So does one of a sender that is newer than this container: it may
 * mean other things by its rows.
 */
const readPacket = (task: KeyedTask, record: StreamRecord, isFirst: boolean): Packet | undefined => {
  try {
    const packet = task.packets.read(record);
    task.epochs.from(packet.epoch);
    return packet;
  } catch (error) {
    if (isFirst) throw error;
    return undefined;
  }
};

class KeyedComputing {
  readonly #task: KeyedTask;
  readonly #state: CommittedState;
  readonly #holdTable: number;
  readonly #groupLimit: number;
  readonly #holds: Map<string, Hold>;
  readonly builder: PieceBuilder;
  readonly parking: Parking;
  readonly channel: Channel;
  readonly relays: PacketContent[] = [];
  /** Groups are rows of one partition in one packet. */
  groupsDone = 0;
  overflowed = false;
  stoppedInside = false;

  constructor(task: KeyedTask, state: CommittedState, groupLimit: number, combines: boolean) {
    this.#task = task;
    this.#state = state;
    this.#holdTable = ownTables(task.program.tables).holds;
    this.#groupLimit = groupLimit;
    this.builder = new PieceBuilder(state, task.limits, combines);
    this.parking = new Parking(task, state, this.builder);
    this.channel = new Channel(state.marks);
    this.#holds = committedHolds(state.keyed, this.#holdTable);
  }

  get isFull(): boolean {
    return this.groupsDone >= this.#groupLimit || this.builder.isFull;
  }

  /** Rows of keys that were redriven go before all that arrives now. */
  goOnReleasing(): void {
    for (const key of this.parking.beingReleased()) {
      if (this.isFull) return;
      releaseKey(this.#task, this.#state, this.builder, this.parking, key);
    }
  }

  take(packet: Packet, record: StreamRecord): void {
    const { from, to } = this.#task.owned;
    for (const run of intersect(packet.runs, from, to)) {
      if (!this.#applyRun(packet, run, record)) return;
    }
    const foreign = [
      ...intersect(packet.runs, 0, from - 1),
      ...intersect(packet.runs, to + 1, this.#task.partitions - 1),
    ];
    if (foreign.length > 0) this.#relay(packet, foreign);
  }

  /** False where it had to stop before the end of the run. */
  #applyRun(packet: Packet, run: CoveredRun, arrival: Arrival): boolean {
    for (const verdict of this.channel.judge(packet, run)) {
      if (verdict.action === 'hold') {
        if (!this.#state.keyed.isLoaded(verdict.run.from)) return this.#stop();
        this.#hold(packet, verdict.run, arrival);
      }
      if (verdict.action !== 'apply') continue;
      const { from, to } = verdict.run;
      for (const group of packet.rows) {
        if (group.lp < from || group.lp > to) continue;
        if (this.isFull || !this.#state.keyed.isLoaded(group.lp)) {
          if (from < group.lp) this.channel.advance(packet, { ...verdict.run, to: group.lp - 1 });
          return this.#stop();
        }
        this.#applyRows(packet, group.lp, group.rows, arrival);
        // All of it is computed again then, so the marks need not say what was done.
        if (this.overflowed) return false;
        this.groupsDone++;
      }
      this.channel.advance(packet, verdict.run);
    }
    return true;
  }

  #stop(): false {
    this.stoppedInside = true;
    return false;
  }

  #applyRows(packet: Packet, lp: number, rows: readonly StoredRow[], arrival: Arrival): void {
    const { program, epochs } = this.#task;
    const { session } = this.builder;
    const upgrade = epochs.from(packet.epoch);
    session.lp = lp;
    for (const row of rows) {
      if (this.parking.mayHold(lp) && this.parking.get(lp, keyTextOf(row)) !== undefined) {
        this.parking.wait(lp, keyTextOf(row), row, arrival, packet.epoch);
        continue;
      }
      const origin = () => rowOrigin(this.#task, lp, row, arrival, packet.epoch);
      const outcome = this.builder.attempt(origin, () => program.onRow(session, row, upgrade));
      if (outcome === 'done') continue;
      if (outcome === 'overflow' || outcome === 'blocked') {
        if (this.groupsDone > 0) {
          this.overflowed = true;
          return;
        }
        if (outcome === 'blocked') throw this.builder.blockedBy;
        this.builder.rejectTooLarge(origin(), packet.producer);
      }
      this.parking.park(lp, keyTextOf(row), session.watermarkMs);
    }
  }

  #hold(packet: Packet, run: CoveredRun, arrival: Arrival): void {
    const key = holdKey(packet, run);
    const hold = encodeHold(packet, run, arrival);
    this.#holds.set(key, hold);
    this.builder.session.state.set(run.from, this.#holdTable, key, hold);
    if (this.#holds.size > MAX_HOLDS) {
      throw new MillraceError(
        'operator',
        'HOLD_LIMIT',
        `Stage '${this.#task.stage}' on ${this.#task.shardId} holds ${this.#holds.size} runs of packets that wait for earlier ones.`,
        {
          fix: 'An earlier packet is missing: look at the errors of the stages before this one, whose shards publish it again.',
          fields: { limit: MAX_HOLDS },
        },
      );
    }
  }

  /** Applies what has waited, as far as it is next now. */
  releaseHolds(): void {
    for (let progress = true; progress && this.#holds.size > 0; ) {
      progress = false;
      for (const [key, hold] of this.#holds) {
        const packet = decodeHold(hold);
        const run = packet.runs[0] as CoveredRun;
        if (this.isFull) return;
        const verdicts = this.channel.judge(packet, run);
        if (verdicts.some((verdict) => verdict.action === 'hold')) continue;
        if (!this.#applyRun(packet, run, arrivalOf(hold))) return;
        this.#holds.delete(key);
        this.builder.session.state.set(run.from, this.#holdTable, key, undefined);
        progress = true;
      }
    }
  }

  #relay(packet: Packet, runs: readonly CoveredRun[]): void {
    this.relays.push({
      ...packet,
      runs: [...runs].sort((a, b) => a.from - b.from),
      rows: toHopRows(packet.rows.filter(({ lp }) => runs.some((run) => lp >= run.from && lp <= run.to))),
    });
  }
}
