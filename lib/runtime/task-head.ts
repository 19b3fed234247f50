import type { Commit, CommitHeader } from '../commit/commit.ts';
import type { CommittedState } from '../commit/committed-state.ts';
import { emptyOutbox, isEmptyOutbox, type SinkOutput } from '../commit/outbox.ts';
import type { Inheritance } from '../commit/write-image.ts';
import { compareSequenceNumbers } from '../connectors/sequence-number.ts';
import type { StreamRecord } from '../connectors/stream-port.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import { buildUpgrade } from './build-commit.ts';
import type { Deadline } from './deadline.ts';
import type { ProtocolStep, RuntimePorts } from './ports.ts';
import type { Publisher } from './publisher.ts';
import type { TaskStore } from './task-store.ts';

/** Read-first catch-ups in a row that may find nothing before the container trusts its cache again. */
const QUIET_CATCH_UPS = 3;

/**
 * The head of a task's log as this container knows it: caught up before it is built upon, and published before it is followed.
 */
export class TaskHead {
  readonly #unit: string;
  readonly #requireCurrent: () => Promise<void>;
  readonly #ports: RuntimePorts;
  readonly #store: TaskStore;
  readonly #publisher: Publisher;
  /** The attempt of the newest commit whose outputs are known to be acknowledged: that stays true, whatever is forgotten. */
  #published: string | undefined;
  /** Catch-ups still to be made before computing, because commits of this container lost against others. */
  #readFirst = 0;

  constructor(
    { unit, requireCurrent }: { readonly unit: string; readonly requireCurrent: () => Promise<void> },
    ports: RuntimePorts,
    store: TaskStore,
    publisher: Publisher,
  ) {
    this.#unit = unit;
    this.#requireCurrent = requireCurrent;
    this.#ports = ports;
    this.#store = store;
    this.#publisher = publisher;
  }

  get isLoaded(): boolean {
    return this.#store.isLoaded;
  }

  get state(): CommittedState {
    return this.#store.state;
  }

  get header(): CommitHeader {
    return this.state.head;
  }

  /** Whether all that the head says is out, as far as this container knows. */
  get #isPublished(): boolean {
    return this.#published === this.header.attemptId;
  }

  /** The shard has ended and its children go on. */
  get isSealed(): boolean {
    return this.header.kind === 'seal';
  }

  /** Whether the log was made. It needs no load where it was. */
  async hasLog(): Promise<boolean> {
    return this.isLoaded || (await this.#store.hasLog());
  }

  /** Memory that the keyed state takes, about; bytes. */
  get bytes(): number {
    return this.#store.bytes;
  }

  /** Whether so much has changed since the last snapshot that a new one has to make room. */
  get isMemoryFull(): boolean {
    return this.#store.isFull;
  }

  /**
   * Loads the partitions that computing needs, as far as memory allows. @returns whether the head has moved on meanwhile
   */
  require(needed: (state: CommittedState) => Iterable<number>): Promise<boolean> {
    return this.#store.require(() => needed(this.state));
  }

  /** The state with these partitions in memory, and with those that every commit looks at, whatever memory they take. */
  async loadAll(lps: ReadonlySet<number>): Promise<CommittedState> {
    await this.#store.loadAll((lp) => lps.has(lp));
    return this.state;
  }

  newAttemptId(): string {
    return this.#store.newAttemptId();
  }

  /** Forgets everything: after an unknown outcome nothing in memory can be relied on. */
  drop(): void {
    this.#store.drop();
  }

  async snapshotIfDue(): Promise<void> {
    if (!this.isLoaded || !(await this.#store.snapshotIfDue(() => this.#step('snapshot-written')))) return;
    await this.#step('snapshot-moved');
    await this.#store.collectAncestors();
  }

  /**
   * Knows the head at least as it was when this was called, or, unless `always`, as this container left it.
   * @param inherit what the log begins with where there is none yet
   */
  async refresh(always: boolean, inherit: () => Promise<Inheritance | undefined>): Promise<void> {
    if (!this.#store.isLoaded) {
      if (!(await this.#store.load())) {
        await this.#store.create(await inherit());
        await this.#step('created');
        if (!(await this.#store.load())) throw new Error(`the log of ${this.#unit} was made and is not there`);
      }
    } else if (always || this.#readFirst > 0) {
      await this.#catchUp();
    }
    await this.#step('loaded');
  }

  /** Another container's commit was first: what it did is known then. */
  async catchUpAfterLoss(): Promise<void> {
    this.#readFirst = QUIET_CATCH_UPS;
    await this.#catchUp();
  }

  async #catchUp(): Promise<void> {
    const found = await this.#store.catchUp();
    this.#readFirst = found > 0 ? QUIET_CATCH_UPS : Math.max(0, this.#readFirst - 1);
  }

  /** What comes before any other commit: the head's outputs are out, and the log is in this container's epoch. */
  async prepare(firstDelivered: StreamRecord | undefined, deadline: Deadline): Promise<void> {
    await this.#drain(firstDelivered, deadline);
    while (this.state.isBehind) {
      await this.#requireCurrent();
      if (await this.append(buildUpgrade(this.state, this.newAttemptId()), 0)) return;
      if (deadline.passed) {
        throw new MillraceError('retryable', 'LOST_RACE', `${this.#unit} could not begin its epoch in time.`, {
          fix: 'Nothing: the batch is tried again.',
        });
      }
      await this.catchUpAfterLoss();
      await this.#drain(firstDelivered, deadline);
    }
  }

  /**
   * Outputs of the head are acknowledged before the next commit is put, or the ring could overwrite them unsent. That
   * the mapping moved on past a batch shows that whoever committed it has published it.
   */
  async #drain(firstDelivered: StreamRecord | undefined, deadline: Deadline): Promise<void> {
    if (!this.#isPublished) {
      const { head, outbox } = this.state;
      const movedOn =
        head.kind === 'batch' &&
        head.position.sequenceNumber !== undefined &&
        firstDelivered !== undefined &&
        compareSequenceNumbers(firstDelivered.sequenceNumber, head.position.sequenceNumber) > 0;
      if (!movedOn && !isEmptyOutbox(outbox)) {
        this.#ports.observer.republished?.(this.#unit, head.n);
        await this.publish(deadline);
      }
      this.#published = this.header.attemptId;
    }
    await this.#step('drained');
  }

  /** False where another container's commit has that number. */
  async append(commit: Commit, recordCount: number): Promise<boolean> {
    if (this.isSealed) throw new Error(`nothing is committed to ${this.#unit} after its seal`);
    const { applied, payloadBytes } = await this.#store.append(commit, () => this.#step('payload-stored'));
    if (!applied) return false;
    const { n, kind, watermarkMs, attemptId } = commit.header;
    if (isEmptyOutbox(commit.body.outbox)) this.#published = attemptId;
    this.#ports.observer.committed?.({ unit: this.#unit, n, kind, recordCount, payloadBytes, watermarkMs });
    await this.#step('committed');
    return true;
  }

  /** Sends what the head says, unless that is known to be done. */
  async publish(deadline: Deadline): Promise<void> {
    if (!this.#isPublished) {
      const { head, outbox } = this.state;
      const left = await this.#publisher.publish(this.#unit, head, outbox, deadline);
      if (left.length > 0) await this.#commitRest(left);
      this.#published = head.attemptId;
    }
    await this.#step('published');
  }

  /** An output too large for one deadline goes on from where it stopped, under its old numbers. */
  async #commitRest(left: readonly SinkOutput[]): Promise<never> {
    const { head, outbox, excluded, rejections, epochs } = this.state;
    const isProgress = countRows(left) < countRows(outbox.sinks) || outbox.hops.length + outbox.rejections.length > 0;
    if (isProgress) {
      const { epoch } = epochs;
      const header = { ...head, n: head.n + 1, kind: 'mark' as const, attemptId: this.#store.newAttemptId(), epoch };
      const rest = { ...emptyOutbox, sinks: left };
      await this.append({ header, body: { changes: [], marks: [], excluded, rejections, outbox: rest } }, 0);
    }
    throw new MillraceError(
      'retryable',
      'DEADLINE',
      `${countRows(left)} rows of ${this.#unit} are left to be written when the invocation's time is up.`,
      {
        fix: 'The next try goes on with them. If it happens often, give the function a longer timeout or the sink more capacity.',
      },
    );
  }

  async #step(step: ProtocolStep): Promise<void> {
    await this.#ports.observer.step?.(step, this.#unit);
  }
}

const countRows = (outputs: readonly SinkOutput[]): number =>
  outputs.reduce((sum, output) => sum + output.rows.length, 0);
