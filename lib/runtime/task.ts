import type { Commit, Position } from '../commit/commit.ts';
import type { CommittedState } from '../commit/committed-state.ts';
import { type ChildUnit, emptyOutbox, isEmptyOutbox, type SinkOutput } from '../commit/outbox.ts';
import { compareSequenceNumbers } from '../connectors/sequence-number.ts';
import type { StreamRecord } from '../connectors/stream-port.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import { buildCommit } from './build-commit.ts';
import { CrashWatch } from './crash-watch.ts';
import type { Deadline } from './deadline.ts';
import type { Piece } from './piece.ts';
import type { ProtocolStep, RuntimePorts } from './ports.ts';
import type { Publisher } from './publisher.ts';
import { type RejectionBound, requireFewRejected } from './rejection-bound.ts';
import { sealPiece } from './seal-piece.ts';
import type { ShardPartitions } from './shard-map.ts';
import type { TaskStore } from './task-store.ts';
import type { TryCounter } from './try-counter.ts';

/** What a task is asked to compute: the executor behind it, and what only its kind of input needs. */
export interface TaskInput {
  /** One commit's worth of the records, and of what is due. `crashed` records are quarantined without being computed. */
  compute(state: CommittedState, records: readonly StreamRecord[], crashed: ReadonlySet<string>): Piece;
  /** Requires that nothing was skipped between the position and the first new record. Packets show their gaps themselves. */
  readonly probe: ((position: Position, first: StreamRecord) => Promise<void>) | undefined;
  /** Counts crashes on a record. A packet is never quarantined, so they are not counted there. */
  readonly tries: TryCounter | undefined;
  /** What the log begins with where the shard follows on others, which are sealed for it; `undefined` for a root. */
  inherit(deadline: Deadline): Promise<CommittedState | undefined>;
  /** Requires that the shard is closed and holds nothing after the position. */
  requireDrained(position: Position): Promise<void>;
}

export interface TaskOptions {
  readonly unit: string;
  readonly stage: string;
  readonly epoch: number;
  /** The shards of a receiving stage, as far as this container knows. */
  readonly shardsOf: (stage: string) => readonly ShardPartitions[];
  /** Event time that the watermark has to move before all partitions are told; ms. */
  readonly watermarkStepMs: number;
  readonly quarantine: RejectionBound;
}

/** A container that succeeded so long ago may have missed what happened to the mapping since. */
const PROBE_AFTER_MS = 60_000;

/** More lost races in a row than this mean that somebody else is at work on it. */
const MAX_LOST_RACES = 20;

/** Read-first catch-ups in a row that may find nothing before the container trusts its cache again. */
const QUIET_CATCH_UPS = 3;

/**
 * A stage on one shard: the loop from a delivered batch to acknowledged outputs. Everything that is safe about it comes
 * from the conditions of its writes; what it remembers between invocations only saves reads.
 */
export class Task {
  readonly #options: TaskOptions;
  readonly #ports: RuntimePorts;
  readonly #store: TaskStore;
  readonly #publisher: Publisher;
  readonly #input: TaskInput;
  /** The head's outputs are known to be acknowledged. */
  #published = false;
  /** Catch-ups still to be made before computing, because commits of this container lost against others. */
  #readFirst = 0;
  /** Undefined until a batch succeeded here, and after an invocation failed. */
  #lastSuccessMs: number | undefined;
  #busy = false;

  constructor(options: TaskOptions, ports: RuntimePorts, store: TaskStore, publisher: Publisher, input: TaskInput) {
    this.#options = options;
    this.#ports = ports;
    this.#store = store;
    this.#publisher = publisher;
    this.#input = input;
  }

  /**
   * Takes a delivered batch to the end: committed and published, all of it. Redelivered records are recognised.
   *
   * @returns the sequence number of the first record that is not committed because time ran out, where some before it are
   * @throws MillraceError where nothing more could be done now; what is committed stays committed
   */
  processBatch(records: readonly StreamRecord[], deadline: Deadline): Promise<string | undefined> {
    const watch = new CrashWatch(this.#input.tries);
    return this.#exclusively(async () => {
      await this.#refresh(!this.#isRecent(), deadline);
      let lostRaces = 0;
      for (let isFirst = true; ; isFirst = false) {
        const fresh = this.#unseen(records);
        await this.#drain(records[0], deadline);
        if (this.#isSealed) return this.#succeed(this.#requireNone(fresh));
        if (fresh[0] !== undefined) await this.#admit(fresh[0], watch, isFirst);
        const piece = this.#compute(fresh, watch);
        if (isNothing(piece, this.#store.state)) return this.#succeed(undefined);
        await watch.end();
        if (deadline.passed) return this.#succeed(this.#outOfTime(fresh, records, piece));
        await this.#step('computed');
        if (await this.#commit(piece, deadline)) {
          await this.#publish(deadline);
          lostRaces = 0;
        } else this.#countLostRace(++lostRaces);
      }
    }, watch);
  }

  /** What is not reached now is delivered again, and follows on what is committed. */
  #succeed(notReached: string | undefined): string | undefined {
    this.#lastSuccessMs = this.#ports.clock.nowMs();
    return notReached;
  }

  /**
   * Commits a change that no record brought: a watermark, or the knowledge that the shard is empty. Yields to whoever
   * commits at the same time. @returns whether it was committed
   */
  commitTick(makePiece: (state: CommittedState) => Promise<Piece | undefined>, deadline: Deadline): Promise<boolean> {
    return this.#exclusively(async () => {
      await this.#refresh(true, deadline);
      await this.#drain(undefined, deadline);
      if (this.#isSealed) return false;
      const piece = await makePiece(this.#store.state);
      if (piece === undefined) return false;
      if (!(await this.#commit(piece, deadline))) return false;
      await this.#publish(deadline);
      return true;
    });
  }

  /**
   * Ends the log of a shard that was read to its end: its children go on from here. Nothing is committed after it.
   * @returns the final state, once every receiver can learn of the end
   * @throws MillraceError `NOT_DRAINED` where records are left
   */
  seal(children: readonly ChildUnit[], deadline: Deadline): Promise<CommittedState> {
    return this.#exclusively(async () => {
      await this.#refresh(true, deadline);
      for (let lostRaces = 0; ; ) {
        await this.#drain(undefined, deadline);
        if (this.#isSealed) return this.#store.state;
        await this.#input.requireDrained(this.#store.state.head.position);
        if (await this.#commit(sealPiece(this.#store.state, children), deadline)) await this.#publish(deadline);
        else this.#countLostRace(++lostRaces);
      }
    });
  }

  get isLoaded(): boolean {
    return this.#store.isLoaded;
  }

  /** The committed state, for inspection. */
  get state(): CommittedState {
    return this.#store.state;
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
      if (await this.#store.snapshotIfDue(() => this.#step('snapshot-written'))) await this.#step('snapshot-moved');
      return result;
    } catch (error) {
      this.#lastSuccessMs = undefined;
      // Whatever went wrong may have gone wrong between a write and its answer.
      this.#store.drop();
      await watch?.fail();
      throw error;
    } finally {
      this.#busy = false;
    }
  }

  /** A batch succeeded in this container a short while ago: nothing can have been skipped since. */
  #isRecent(): boolean {
    return this.#lastSuccessMs !== undefined && this.#ports.clock.nowMs() - this.#lastSuccessMs < PROBE_AFTER_MS;
  }

  get #isSealed(): boolean {
    return this.#store.state.head.kind === 'seal';
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

  async #refresh(always: boolean, deadline: Deadline): Promise<void> {
    if (!this.#store.isLoaded) {
      if (!(await this.#store.load())) {
        await this.#store.create(await this.#input.inherit(deadline));
        await this.#step('created');
        if (!(await this.#store.load())) throw new Error(`the log of ${this.#options.unit} was made and is not there`);
      }
      this.#published = false;
    } else if (always || this.#readFirst > 0) {
      await this.#catchUp();
    }
    await this.#step('loaded');
    this.#checkEpoch();
  }

  /** Two versions of a job never write one log: the newer one's first commit ends the older one. */
  #checkEpoch(): void {
    const { epoch } = this.#store.state.head;
    if (epoch <= this.#options.epoch) return;
    throw new MillraceError(
      'configuration',
      'PLAN_MISMATCH',
      `${this.#options.unit} was taken over by epoch ${epoch}; this container runs epoch ${this.#options.epoch}.`,
      {
        fix: 'Nothing if a deployment is under way: the mapping moves to the new version.',
        fields: { epoch, own: this.#options.epoch },
      },
    );
  }

  async #catchUp(): Promise<void> {
    const found = await this.#store.catchUp();
    this.#checkEpoch();
    if (found > 0) this.#published = false;
    this.#readFirst = found > 0 ? QUIET_CATCH_UPS : Math.max(0, this.#readFirst - 1);
  }

  #unseen(records: readonly StreamRecord[]): readonly StreamRecord[] {
    const seen = this.#store.state.head.position.sequenceNumber;
    if (seen === undefined) return records;
    const first = records.findIndex((record) => compareSequenceNumbers(record.sequenceNumber, seen) > 0);
    return first === -1 ? [] : first === 0 ? records : records.slice(first);
  }

  /**
   * Outputs of the head are acknowledged before the next commit is put, or the ring could overwrite them unsent. That
   * the mapping moved on past a batch shows that whoever committed it has published it.
   */
  async #drain(firstDelivered: StreamRecord | undefined, deadline: Deadline): Promise<void> {
    if (!this.#published) {
      const { head, outbox } = this.#store.state;
      const movedOn =
        head.kind === 'batch' &&
        head.position.sequenceNumber !== undefined &&
        firstDelivered !== undefined &&
        compareSequenceNumbers(firstDelivered.sequenceNumber, head.position.sequenceNumber) > 0;
      if (!movedOn && !isEmptyOutbox(outbox)) {
        this.#ports.observer.republished?.(this.#options.unit, head.n);
        await this.#publish(deadline);
      }
      this.#published = true;
    }
    await this.#step('drained');
  }

  /** What has to be made sure of before the first new record is computed. */
  async #admit(first: StreamRecord, watch: CrashWatch, isFirst: boolean): Promise<void> {
    const { position, n } = this.#store.state.head;
    // A root's first batch has nothing to follow on; a child's has what its parents left.
    if (isFirst && !this.#isRecent() && (position.sequenceNumber !== undefined || n > 0))
      await this.#input.probe?.(position, first);
    await this.#step('probed');
    if (!isFirst) await watch.beginNext(first.sequenceNumber);
    else if (this.#lastSuccessMs === undefined) await watch.begin(first.sequenceNumber);
    await this.#step('try-counted');
  }

  #compute(fresh: readonly StreamRecord[], watch: CrashWatch): Piece {
    const piece = this.#input.compute(this.#store.state, watch.isSingle ? fresh.slice(0, 1) : fresh, watch.crashed);
    requireFewRejected(piece, this.#options.quarantine, this.#options.unit);
    return piece;
  }

  /** False where another container's commit was first: its effects are known then, and the piece is computed again. */
  async #commit(piece: Piece, deadline: Deadline): Promise<boolean> {
    const { state } = this.#store;
    if (piece.relays.length > 0) await this.#publisher.relay(this.#options.stage, piece.relays, deadline);
    await this.#step('relayed');
    const commit = buildCommit(state, piece, { ...this.#options, attemptId: this.#store.newAttemptId() });
    if (await this.#append(commit, piece.recordCount)) {
      for (const rejection of piece.session.rejections) this.#ports.observer.rejected?.(this.#options.unit, rejection);
      return true;
    }
    state.keyed.giveBack(piece.timers);
    this.#ports.observer.lostRace?.(this.#options.unit, commit.header.n);
    this.#readFirst = QUIET_CATCH_UPS;
    await this.#catchUp();
    return false;
  }

  #countLostRace(lostRaces: number): void {
    if (lostRaces <= MAX_LOST_RACES) return;
    throw new MillraceError(
      'retryable',
      'LOST_RACE',
      `${this.#options.unit} lost ${lostRaces} commits in a row to other containers.`,
      { fix: 'Nothing: the batch is tried again.' },
    );
  }

  async #append(commit: Commit, recordCount: number): Promise<boolean> {
    if (this.#isSealed) throw new Error(`nothing is committed to ${this.#options.unit} after its seal`);
    const { applied, payloadBytes } = await this.#store.append(commit, () => this.#step('payload-stored'));
    if (!applied) return false;
    const { n, kind, watermarkMs } = commit.header;
    this.#published = isEmptyOutbox(commit.body.outbox);
    this.#ports.observer.committed?.({ unit: this.#options.unit, n, kind, recordCount, payloadBytes, watermarkMs });
    await this.#step('committed');
    return true;
  }

  async #publish(deadline: Deadline): Promise<void> {
    if (!this.#published) {
      const { head, outbox } = this.#store.state;
      const left = await this.#publisher.publish(this.#options.unit, head.n, outbox, deadline);
      if (left.length > 0) await this.#commitRest(left);
      this.#published = true;
    }
    await this.#step('published');
  }

  /** An output too large for one deadline goes on from where it stopped, under its old numbers. */
  async #commitRest(left: readonly SinkOutput[]): Promise<never> {
    const { head, outbox, excluded, rejections } = this.#store.state;
    const isProgress = countRows(left) < countRows(outbox.sinks) || outbox.hops.length + outbox.rejections.length > 0;
    if (isProgress) {
      const header = { ...head, n: head.n + 1, kind: 'mark' as const, attemptId: this.#store.newAttemptId() };
      const rest = { ...emptyOutbox, sinks: left };
      await this.#append({ header, body: { changes: [], marks: [], excluded, rejections, outbox: rest } }, 0);
    }
    throw new MillraceError(
      'retryable',
      'DEADLINE',
      `${countRows(left)} rows of ${this.#options.unit} are left to be written when the invocation's time is up.`,
      {
        fix: 'The next try goes on with them. If it happens often, give the function a longer timeout or the sink more capacity.',
      },
    );
  }

  #outOfTime(fresh: readonly StreamRecord[], records: readonly StreamRecord[], piece: Piece): string {
    this.#store.state.keyed.giveBack(piece.timers);
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

const countRows = (outputs: readonly SinkOutput[]): number =>
  outputs.reduce((sum, output) => sum + output.rows.length, 0);
