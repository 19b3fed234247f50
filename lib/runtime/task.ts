import type { Position } from '../commit/commit.ts';
import type { CommittedState } from '../commit/committed-state.ts';
import type { ChildUnit } from '../commit/outbox.ts';
import type { Inheritance } from '../commit/write-image.ts';
import { compareSequenceNumbers } from '../connectors/sequence-number.ts';
import type { StreamRecord } from '../connectors/stream-port.ts';
import { firstWhere } from '../core/first-where.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import type { SinkTiming } from '../graph/sink-guarantee.ts';
import type { StatePartition } from '../state/state-partition.ts';
import { buildCommit } from './build-commit.ts';
import { CrashWatch } from './crash-watch.ts';
import type { Deadline } from './deadline.ts';
import { inOrder } from './in-order.ts';
import { LostRaces } from './lost-races.ts';
import type { Piece } from './piece.ts';
import type { ProtocolStep, RuntimePorts } from './ports.ts';
import type { Publisher } from './publisher.ts';
import { type RejectionBound, requireFewRejected } from './rejection-bound.ts';
import { sealPiece } from './seal-piece.ts';
import type { ShardPartitions } from './shard-map.ts';
import { keepOutputs, splitOutputs } from './split-outputs.ts';
import { TaskHead } from './task-head.ts';
import type { TaskStore } from './task-store.ts';
import type { TryCounter } from './try-counter.ts';
import { waitingIn } from './waiting.ts';

/** What a task is asked to compute: the executor behind it, and what only its kind of input needs. */
export interface TaskInput {
  /** One commit's worth of the records, and of what is due. `crashed` records are quarantined without being computed. */
  compute(state: CommittedState, records: readonly StreamRecord[], crashed: ReadonlySet<string>): Piece;
  /** The partitions of keyed state that computing this reads, in its order: they are loaded before. None where there are none. */
  readonly needed: ((state: CommittedState, records: readonly StreamRecord[]) => Iterable<number>) | undefined;
  /** Requires that nothing was skipped between the position and the first new record. Packets show their gaps themselves. */
  readonly probe: ((position: Position, first: StreamRecord) => Promise<void>) | undefined;
  /** Counts crashes on a record. A packet is never quarantined, so they are not counted there. */
  readonly tries: TryCounter | undefined;
  /** What the log begins with where the shard follows on others, which are sealed for it; `undefined` for a root. */
  inherit(deadline: Deadline): Promise<Inheritance | undefined>;
  /** Requires that the shard is closed and holds nothing after the position. */
  requireDrained(position: Position): Promise<void>;
}

export interface TaskOptions {
  readonly unit: string;
  readonly stage: string;
  /** @throws MillraceError `PLAN_MISMATCH` where this epoch is not the job's any more */
  readonly requireCurrent: () => Promise<void>;
  /** The shards of a receiving stage, as far as this container knows. */
  readonly shardsOf: (stage: string) => readonly ShardPartitions[];
  /** Event time that the watermark has to move before all partitions are told; ms. */
  readonly watermarkStepMs: number;
  readonly quarantine: RejectionBound;
  /** When the rows of each sink of the stage leave. */
  readonly sinkTimings: ReadonlyMap<string, SinkTiming>;
}

/** A container that succeeded so long ago may have missed what happened to the mapping since. */
const PROBE_AFTER_MS = 60_000;

/**
 * A stage on one shard: the loop from a delivered batch to acknowledged outputs. Everything that is safe about it comes
 * from the conditions of its writes; what it remembers between invocations only saves reads.
 */
export class Task {
  readonly #options: TaskOptions;
  readonly #ports: RuntimePorts;
  readonly #head: TaskHead;
  readonly #publisher: Publisher;
  readonly #input: TaskInput;
  /** Undefined until a batch succeeded here as a whole, and after an invocation failed. */
  #lastSuccessMs: number | undefined;
  /** The attempt of the last commit when {@link sendStandingHead} was asked last. */
  #standing: string | undefined;
  #busy = false;

  constructor(options: TaskOptions, ports: RuntimePorts, store: TaskStore, publisher: Publisher, input: TaskInput) {
    this.#options = options;
    this.#ports = ports;
    this.#head = new TaskHead(options, ports, store, publisher);
    this.#publisher = publisher;
    this.#input = input;
  }

  /**
   * Takes a delivered batch to the end: committed and published, all of it. Redelivered records are recognised.
   *
   * @returns the sequence number of the first record that is not committed because time ran out, where some before it are
   * @throws MillraceError where nothing more could be done now; what is committed stays committed
   */
  processBatch(delivered: readonly StreamRecord[], deadline: Deadline): Promise<string | undefined> {
    const records = inOrder(delivered);
    const watch = new CrashWatch(this.#input.tries);
    return this.#exclusively(async () => {
      await this.#refresh(!this.#isRecent(), deadline);
      const races = this.#races();
      for (let isFirst = true; ; isFirst = false) {
        // Who was away may have missed that a mapping gave a batch up: then it moved on, and nobody has published.
        await this.#head.prepare(this.#isRecent() ? records[0] : undefined, deadline);
        const fresh = this.#unseen(records);
        if (this.#head.isSealed) return this.#succeed(this.#requireNone(fresh));
        if (fresh[0] !== undefined) await this.#admit(fresh[0], watch, isFirst);
        if (await this.#loadNeeded(fresh)) continue;
        const piece = this.#compute(fresh, watch);
        if (isNothing(piece, this.#head.state)) return this.#succeed(undefined);
        await watch.end();
        if (deadline.passed) return this.#succeed(this.#outOfTime(fresh, records));
        await this.#step('computed');
        if (await this.#commit(piece, deadline)) {
          if (this.#head.isMemoryFull) await this.#head.snapshotIfDue();
          races.won();
        } else races.add();
      }
    }, watch);
  }

  /**
   * What is not reached now is delivered again, and follows on what is committed: unless partial answers were switched off, and the
   * mapping takes this one for a whole. So that is looked at.
   */
  #succeed(notReached: string | undefined): string | undefined {
    this.#lastSuccessMs = notReached === undefined ? this.#ports.clock.nowMs() : undefined;
    return notReached;
  }

  /**
   * Commits a change that no delivered record brought: a watermark, a decision, a record that is redriven. Yields to whoever
   * commits at the same time.
   *
   * @param makePiece computes it, when it has had the partitions loaded that it reads; these may bring a newer state.
   *   `undefined` commits nothing: the state was only to be looked at
   * @returns whether it was committed
   */
  tryCommit(
    makePiece: (
      state: CommittedState,
      load: (lps: ReadonlySet<number>) => Promise<CommittedState>,
    ) => Promise<Piece | undefined>,
    deadline: Deadline,
  ): Promise<boolean> {
    return this.#exclusively(async () => {
      await this.#refresh(true, deadline);
      await this.#head.prepare(undefined, deadline);
      if (this.#head.isSealed) return false;
      const piece = await makePiece(this.#head.state, (lps) => this.#head.loadAll(lps));
      if (piece === undefined) return false;
      return this.#commit(piece, deadline);
    });
  }

  /** Makes the log of a shard that follows on others, where that was not done. @returns true: it is there now */
  begin(deadline: Deadline): Promise<boolean> {
    return this.#exclusively(async () => {
      if (!(await this.#head.hasLog())) await this.#refresh(true, deadline);
      return true;
    });
  }

  /**
   * Sends what the log's last commit says, as far as that may not have been done, where it was the last one already when this was
   * asked before: as long as others commit, they send it.
   * @returns false where there is no log yet
   */
  sendStandingHead(deadline: Deadline): Promise<boolean> {
    return this.#exclusively(async () => {
      if (!(await this.#head.hasLog())) return false;
      await this.#refresh(true, deadline);
      const { attemptId } = this.#head.header;
      if (attemptId === this.#standing) await this.#head.prepare(undefined, deadline);
      this.#standing = attemptId;
      return true;
    });
  }

  /**
   * Ends the log of a shard that was read to its end: its children go on from here. Nothing is committed after it.
   * @returns the final state, of which what every commit looks at is loaded, once every receiver can learn of the end
   * @throws MillraceError `NOT_DRAINED` where records are left
   */
  seal(children: readonly ChildUnit[], deadline: Deadline): Promise<CommittedState> {
    return this.#exclusively(async () => {
      await this.#refresh(true, deadline);
      for (const races = this.#races(); ; ) {
        // Before anything is sent: a child asks again and again, and this log's own invocations send what it says, or a tick. No
        // position comes after one behind which the shard has ended.
        if (!this.#head.isSealed) await this.#input.requireDrained(this.#head.header.position);
        await this.#head.prepare(undefined, deadline);
        if (this.#head.isSealed) return this.#head.loadAll(new Set());
        if (!(await this.#commit(sealPiece(this.#head.state, children), deadline))) races.add();
      }
    });
  }

  /** Has a look at one partition of a sealed log's state, which is loaded for that as far as it is not. */
  look(lp: number, at: (partition: StatePartition) => void, deadline: Deadline): Promise<void> {
    return this.#exclusively(async () => {
      await this.#refresh(false, deadline);
      await this.#head.require(() => [lp]);
      at(this.#head.state.keyed.partition(lp));
    });
  }

  /** Memory that its keyed state takes, about; bytes. */
  get bytes(): number {
    return this.#head.bytes;
  }

  /** The committed state, for inspection. */
  get state(): CommittedState {
    return this.#head.state;
  }

  async #exclusively<T>(run: () => Promise<T>, watch?: CrashWatch): Promise<T> {
    if (this.#busy) {
      throw new MillraceError(
        'configuration',
        'CONCURRENT_INVOCATION',
        `Two invocations in one container work on ${this.#options.unit}.`,
        { fix: 'Set ParallelizationFactor to 1, and let one mapping read the stream.' },
      );
    }
    this.#busy = true;
    try {
      const result = await run();
      this.#tellWaiting();
      await this.#head.snapshotIfDue();
      return result;
    } catch (error) {
      this.#lastSuccessMs = undefined;
      this.#tellWaiting();
      // Whatever went wrong may have gone wrong between a write and its answer.
      this.#head.drop();
      await watch?.fail();
      throw error;
    } finally {
      this.#busy = false;
    }
  }

  /** Also of an invocation that failed: a shard that stops for what waits goes on saying so. */
  #tellWaiting(): void {
    if (this.#input.needed === undefined || !this.#head.isLoaded) return;
    this.#ports.observer.waiting?.(this.#options.unit, waitingIn(this.#head.state.keyed));
  }

  #refresh(always: boolean, deadline: Deadline): Promise<void> {
    return this.#head.refresh(always, () => this.#input.inherit(deadline));
  }

  /** A batch succeeded in this container a short while ago: nothing can have been skipped since. */
  #isRecent(): boolean {
    return this.#lastSuccessMs !== undefined && this.#ports.clock.nowMs() - this.#lastSuccessMs < PROBE_AFTER_MS;
  }

  /** What follows a seal: nothing can, for it was put when the shard was read to its end. */
  #requireNone([first]: readonly StreamRecord[]): undefined {
    if (first === undefined) return undefined;
    throw new MillraceError(
      'corrupt',
      'CORRUPT_LOG',
      `${this.#options.unit} was sealed at its end, but record ${first.sequenceNumber} follows.`,
      {
        fix: 'Something else wrote to the state table, or the stream is not the one it was: restore from a savepoint.',
      },
    );
  }

  /** Of records in order. */
  #unseen(records: readonly StreamRecord[]): readonly StreamRecord[] {
    const seen = this.#head.header.position.sequenceNumber;
    if (seen === undefined) return records;
    const first = firstWhere(0, records.length, (i) => compareSequenceNumbers(records[i]!.sequenceNumber, seen) > 0);
    return first === 0 ? records : records.slice(first);
  }

  /** What has to be made sure of before the first new record is computed. */
  async #admit(first: StreamRecord, watch: CrashWatch, isFirst: boolean): Promise<void> {
    const { position, n } = this.#head.header;
    // A root's first batch has nothing to follow on; a child's has what its parents left.
    if (isFirst && !this.#isRecent() && (position.sequenceNumber !== undefined || n > 0))
      await this.#input.probe?.(position, first);
    await this.#step('probed');
    if (!isFirst) await watch.beginNext(first.sequenceNumber);
    else if (this.#lastSuccessMs === undefined) await watch.begin(first.sequenceNumber);
    await this.#step('try-counted');
  }

  /** True where other containers have committed meanwhile: then what is new has to be looked at again. */
  async #loadNeeded(fresh: readonly StreamRecord[]): Promise<boolean> {
    const { needed } = this.#input;
    return needed !== undefined && this.#head.require((state) => needed(state, fresh));
  }

  #compute(fresh: readonly StreamRecord[], watch: CrashWatch): Piece {
    const piece = this.#input.compute(this.#head.state, watch.isSingle ? fresh.slice(0, 1) : fresh, watch.crashed);
    requireFewRejected(piece, this.#options.quarantine, this.#options.unit);
    return piece;
  }

  /**
   * Commits a piece and sends what it says. False where another container's commit was first: its effects are known then, and
   * the piece is computed again.
   */
  async #commit(piece: Piece, deadline: Deadline): Promise<boolean> {
    const { state } = this.#head;
    if (piece.relays.length > 0) await this.#publisher.relay(this.#options.stage, piece.relays, deadline);
    await this.#step('relayed');
    const { unit, sinkTimings } = this.#options;
    const attemptId = this.#head.newAttemptId();
    const built = buildCommit(state, piece, { ...this.#options, attemptId });
    const { after, before, once } = splitOutputs(built, sinkTimings);
    const left = await this.#publisher.sinks.send(unit, before, deadline, attemptId);
    // What a deadline left of them goes with the commit, or rows that take longer than an invocation would never leave.
    const commit = keepOutputs(built, [...after, ...left]);
    if (await this.#head.append(commit, piece.recordCount)) {
      for (const rejection of piece.session.rejections) this.#ports.observer.rejected?.(unit, rejection);
      const sending = this.#publisher.sinks.sendOnce(unit, once, deadline);
      await this.#head.publish(deadline).finally(() => sending);
      return true;
    }
    this.#ports.observer.lostRace?.(unit, commit.header.n);
    await this.#head.catchUpAfterLoss();
    return false;
  }

  #races(): LostRaces {
    return new LostRaces(this.#options.unit, 'Nothing: the batch is tried again.');
  }

  #outOfTime(fresh: readonly StreamRecord[], records: readonly StreamRecord[]): string {
    const first = fresh[0];
    if (first !== undefined && fresh.length < records.length) return first.sequenceNumber;
    throw new MillraceError(
      'retryable',
      'DEADLINE',
      `The invocation's time was up before ${this.#options.unit} could commit.`,
      { fix: 'The batch is tried again. If it happens often, lower the batch size or raise the timeout.' },
    );
  }

  async #step(step: ProtocolStep): Promise<void> {
    await this.#ports.observer.step?.(step, this.#options.unit);
  }
}

const isNothing = (piece: Piece, state: CommittedState): boolean =>
  piece.recordCount === 0 &&
  piece.marks.length === 0 &&
  piece.session.isEmpty &&
  piece.watermarkMs === state.head.watermarkMs;
