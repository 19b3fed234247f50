import type { Commit, CommitKind, Position } from '../commit/commit.ts';
import type { CommittedState } from '../commit/committed-state.ts';
import { emptyOutbox, isEmptyOutbox, type Outbox, type SinkOutput } from '../commit/outbox.ts';
import { compareSequenceNumbers } from '../connectors/sequence-number.ts';
import type { StreamRecord } from '../connectors/stream-port.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import { buildHops } from './build-hops.ts';
import type { Deadline } from './deadline.ts';
import type { Piece } from './piece.ts';
import type { ProtocolStep, RuntimePorts } from './ports.ts';
import type { Publisher } from './publisher.ts';
import type { ShardPartitions } from './shard-map.ts';
import type { TaskStore } from './task-store.ts';
import { SINGLE_RECORD_TRY, type TryCounter } from './try-counter.ts';

/** What a task is asked to compute: the executor behind it, and the checks that only its kind of input needs. */
export interface TaskInput {
  /** One commit's worth of the records, and of what is due. `crashed` records are quarantined without being computed. */
  compute(state: CommittedState, records: readonly StreamRecord[], crashed: ReadonlySet<string>): Piece;
  /** Requires that nothing was skipped between the position and the first new record. Packets show their gaps themselves. */
  readonly probe: ((position: Position, first: StreamRecord) => Promise<void>) | undefined;
  /** Counts crashes on a record. A packet is never quarantined, so they are not counted there. */
  readonly tries: TryCounter | undefined;
}

export interface TaskOptions {
  readonly unit: string;
  readonly stage: string;
  readonly epoch: number;
  /** Shards by receiving stage. */
  readonly shardsOf: ReadonlyMap<string, readonly ShardPartitions[]>;
  /** Event time that the watermark has to move before all partitions are told; ms. */
  readonly watermarkStepMs: number;
  /** Above this share of rejected records the task stops. */
  readonly quarantine: { readonly maxFraction: number; readonly minRecords: number };
}

/** A container that succeeded so long ago may have missed what happened to the mapping since. */
const PROBE_AFTER_MS = 60_000;

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
  /** Undefined until an invocation succeeded here, and after one failed. */
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
    const singly = new SingleRecords();
    return this.#exclusively(async () => {
      singly.recent = this.#ports.clock.nowMs() - (this.#lastSuccessMs ?? Number.NEGATIVE_INFINITY) < PROBE_AFTER_MS;
      // From a position out of date the probe would find what others have processed since.
      await this.#refresh(!singly.recent);
      let retries = 0;
      for (;;) {
        const fresh = this.#unseen(records);
        await this.#drain(records[0], deadline);
        if (fresh.length > 0) await this.#admit(fresh[0] as StreamRecord, singly);
        const piece = this.#compute(fresh, singly);
        if (isNothing(piece, this.#store.state)) return undefined;
        await this.#endTry(fresh[0], singly);
        if (deadline.passed) return this.#outOfTime(fresh, records, piece);
        await this.#step('computed');
        if (await this.#commit(piece, deadline)) {
          await this.#publish(deadline);
          retries = 0;
        } else if (++retries > 20) {
          throw new MillraceError(
            'retryable',
            'LOST_RACE',
            `${this.#options.unit} lost ${retries} commits in a row to other containers.`,
            { fix: 'Nothing: the batch is tried again.' },
          );
        }
      }
    }, singly);
  }

  /**
   * Commits a change that no record brought: a watermark, or the knowledge that the shard is empty. Yields to whoever
   * commits at the same time. @returns whether it was committed
   */
  commitTick(makePiece: (state: CommittedState) => Promise<Piece | undefined>, deadline: Deadline): Promise<boolean> {
    return this.#exclusively(async () => {
      await this.#refresh(true);
      await this.#drain(undefined, deadline);
      const piece = await makePiece(this.#store.state);
      if (piece === undefined) return false;
      if (!(await this.#commit(piece, deadline))) return false;
      await this.#publish(deadline);
      return true;
    });
  }

  get isLoaded(): boolean {
    return this.#store.isLoaded;
  }

  /** The committed state, for inspection. */
  get state(): CommittedState {
    return this.#store.state;
  }

  async #exclusively<T>(run: () => Promise<T>, singly?: SingleRecords): Promise<T> {
    if (this.#busy) {
      throw new MillraceError(
        'configuration',
        'CONCURRENT_INVOCATION',
        `Two invocations in one container work on ${this.#options.unit}.`,
        {
          fix: 'Set ParallelizationFactor to 1, and let one mapping read the stream.',
        },
      );
    }
    this.#busy = true;
    try {
      const result = await run();
      if (await this.#store.snapshotIfDue(() => this.#step('snapshot-written'))) await this.#step('snapshot-moved');
      // A tick that finds records waiting has not seen whether they are the next ones.
      if (singly !== undefined) this.#lastSuccessMs = this.#ports.clock.nowMs();
      return result;
    } catch (error) {
      this.#lastSuccessMs = undefined;
      // Whatever went wrong may have gone wrong between a write and its answer.
      this.#store.drop();
      // An error is not a crash. If this cannot be written, one try too many is counted.
      if (singly?.counting !== undefined) await this.#input.tries?.clear(singly.counting).catch(() => undefined);
      throw error;
    } finally {
      this.#busy = false;
    }
  }

  async #refresh(always = false): Promise<void> {
    if (!this.#store.isLoaded) {
      await this.#store.load();
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
  async #admit(first: StreamRecord, singly: SingleRecords): Promise<void> {
    const { probe, tries } = this.#input;
    const { position } = this.#store.state.head;
    const trusted = this.#lastSuccessMs !== undefined;
    if (!singly.admitted && !singly.recent && probe !== undefined && position.sequenceNumber !== undefined)
      await probe(position, first);
    await this.#step('probed');
    if (tries !== undefined && !singly.admitted && !trusted) {
      singly.tries = await tries.begin(first.sequenceNumber);
      singly.counting = first.sequenceNumber;
      if (singly.tries > SINGLE_RECORD_TRY) singly.crashed.add(first.sequenceNumber);
    } else if (tries !== undefined && singly.on) {
      await tries.beginSingle(first.sequenceNumber);
      singly.counting = first.sequenceNumber;
    }
    singly.admitted = true;
    await this.#step('try-counted');
  }

  /** Computing ended and the process lives. A first try's count is overtaken by the commit; a suspect's is taken back now. */
  async #endTry(first: StreamRecord | undefined, singly: SingleRecords): Promise<void> {
    if (first === undefined || singly.counting === undefined) return;
    if (singly.tries > 1) await this.#input.tries?.clear(first.sequenceNumber);
    singly.counting = undefined;
  }

  #compute(fresh: readonly StreamRecord[], singly: SingleRecords): Piece {
    const piece = this.#input.compute(this.#store.state, singly.on ? fresh.slice(0, 1) : fresh, singly.crashed);
    const { records, rejected } = piece.rejections;
    const { maxFraction, minRecords } = this.#options.quarantine;
    const sample = piece.session.rejections[0];
    // What rejects nothing may always go on: it is how a shard recovers once the fault is repaired.
    if (sample !== undefined && records >= minRecords && rejected > records * maxFraction) {
      throw new MillraceError(
        'operator',
        'TOO_MANY_REJECTED',
        `${rejected} of ${records} records were rejected on ${this.#options.unit}; at most ${maxFraction * 100} % may be. One of them: ${sample.operator}: ${sample.message}`,
        {
          fix: 'If the code is wrong, deploy a right one: nothing of this batch is committed. If the records are, raise quarantine.maxFraction.',
          fields: { rejected, records, maxFraction, code: sample.code },
        },
      );
    }
    return piece;
  }

  async #commit(piece: Piece, deadline: Deadline): Promise<boolean> {
    const { state } = this.#store;
    if (piece.relays.length > 0) await this.#publisher.relay(this.#options.stage, piece.relays, deadline);
    await this.#step('relayed');
    const n = state.head.n + 1;
    const outbox: Outbox = {
      hops: buildHops(state, piece, this.#options.shardsOf, this.#options.watermarkStepMs),
      sinks: piece.session.sinkOutputs(n),
      rejections: piece.session.rejections,
    };
    const committed = await this.#append(
      {
        header: {
          n,
          attemptId: this.#store.newAttemptId(),
          epoch: this.#options.epoch,
          kind: piece.kind,
          position: piece.position,
          watermarkMs: piece.watermarkMs,
        },
        body: {
          changes: [...piece.session.state.changes()],
          marks: piece.marks,
          excluded: piece.excluded,
          rejections: piece.rejections,
          outbox,
        },
      },
      piece.recordCount,
    );
    if (committed) {
      for (const rejection of piece.session.rejections) this.#ports.observer.rejected?.(this.#options.unit, rejection);
      return true;
    }
    state.keyed.giveBack(piece.timers);
    this.#ports.observer.lostRace?.(this.#options.unit, n);
    this.#readFirst = QUIET_CATCH_UPS;
    await this.#catchUp();
    return false;
  }

  async #append(commit: Commit, recordCount: number): Promise<boolean> {
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
      if (left.length > 0) await this.#commitRest(outbox, left);
      this.#published = true;
    }
    await this.#step('published');
  }

  /** An output too large for one deadline goes on from where it stopped, under its old numbers. */
  async #commitRest(outbox: Outbox, left: readonly SinkOutput[]): Promise<never> {
    const { state } = this.#store;
    const progress = countRows(left) < countRows(outbox.sinks) || outbox.hops.length + outbox.rejections.length > 0;
    if (progress) {
      const { n, kind: _, ...head } = state.head;
      const rest: Outbox = { ...emptyOutbox, sinks: left };
      const kind: CommitKind = 'mark';
      const header = { ...head, n: n + 1, kind, attemptId: this.#store.newAttemptId() };
      await this.#append(
        {
          header,
          body: { changes: [], marks: [], excluded: state.excluded, rejections: state.rejections, outbox: rest },
        },
        0,
      );
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
      {
        fix: 'The batch is tried again. If it happens often, lower the batch size or raise the timeout.',
      },
    );
  }

  async #step(step: ProtocolStep): Promise<void> {
    await this.#ports.observer.step?.(step, this.#options.unit);
  }
}

/** The state of one invocation that looks for the record which ends the process. */
class SingleRecords {
  /** A batch succeeded in this container a short while ago: nothing can have been skipped since. */
  recent = false;
  admitted = false;
  tries = 0;
  /** The record whose try is counted and has not ended. */
  counting: string | undefined;
  readonly crashed = new Set<string>();

  get on(): boolean {
    return this.tries >= SINGLE_RECORD_TRY;
  }
}

const isNothing = (piece: Piece, state: CommittedState): boolean =>
  piece.recordCount === 0 &&
  piece.timers.length === 0 &&
  piece.marks.length === 0 &&
  piece.watermarkMs === state.head.watermarkMs;

const countRows = (outputs: readonly SinkOutput[]): number =>
  outputs.reduce((sum, output) => sum + output.rows.length, 0);
