import { BlobMissing } from '../commit/blob-ref.ts';
import type { BlobStore } from '../commit/blob-store.ts';
import { collectLog, type UnitLog } from '../commit/collect-log.ts';
import type { Commit } from '../commit/commit.ts';
import { type CommitLog, catchUpSlots, RingWrapped } from '../commit/commit-log.ts';
import { CommittedState, type TaskShape } from '../commit/committed-state.ts';
import type { StoredState } from '../commit/manifest.ts';
import { emptyOutbox } from '../commit/outbox.ts';
import { loadPartitions } from '../commit/partition-loader.ts';
import type { Registry } from '../commit/registry.ts';
import type { Slot } from '../commit/slot.ts';
import { adoptSnapshot, restoreSnapshot, writeSnapshot } from '../commit/snapshot.ts';
import { type Inheritance, writeImage } from '../commit/write-image.ts';
import { SNAPSHOT_COMMITS } from '../core/log-limits.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import type { StatePartition } from '../state/state-partition.ts';
import { PartitionBudget } from './partition-budget.ts';
import type { RuntimeObserver } from './ports.ts';
import { LOAD_TRIES, SnapshotPointer } from './snapshot-pointer.ts';

/** Or so many characters of commits, as text: that, rather than what they are compressed to, is how long a cold start reads them. */
const SNAPSHOT_CHARACTERS = 8 * 1024 * 1024;

/** Before the first snapshot. */
const nothingStored: StoredState = { blobs: [], partitions: [] };

/** Slots asked for at once when a whole tail is read. */
const LOAD_SLOTS = 64;

export interface TaskStoreOptions {
  /** Commits after which a snapshot is written. Default 64. */
  readonly snapshotCommits?: number;
  /** Memory for keyed state, bytes; asked each time. Default: no limit. */
  readonly memoryBytes?: () => number;
  /** Opens other logs of the job: those that this one follows on are collected. Default: they are left as they are. */
  readonly openLog?: (unit: string) => UnitLog;
}

/**
 * The durable side of one task: loads its state from snapshot and log, each partition when it is needed, catches up with commits of other containers,
 * appends its own and keeps the ring covered by snapshots.
 */
export class TaskStore {
  readonly #log: CommitLog;
  readonly #blobs: BlobStore;
  readonly #shape: TaskShape;
  readonly #observer: RuntimeObserver;
  #state: CommittedState | undefined;
  readonly #pointer: SnapshotPointer;
  readonly #snapshotCommits: number;
  readonly #openLog: ((unit: string) => UnitLog) | undefined;
  readonly #budget: PartitionBudget;
  /** All of it was asked for: nothing is unloaded before the next commit. */
  #keepsAll = false;
  #charactersSinceSnapshot = 0;
  /** What it has read of earlier epochs is to be written as it is now. */
  #upgraded = false;
  #lastPayloadBytes = 0;

  constructor(
    log: CommitLog,
    blobs: BlobStore,
    shape: TaskShape,
    observer: RuntimeObserver,
    options: TaskStoreOptions = {},
  ) {
    this.#snapshotCommits = options.snapshotCommits ?? SNAPSHOT_COMMITS;
    this.#budget = new PartitionBudget(options.memoryBytes ?? (() => Number.POSITIVE_INFINITY));
    this.#openLog = options.openLog;
    this.#log = log;
    this.#pointer = new SnapshotPointer(log, shape.partitions);
    this.#blobs = blobs;
    this.#shape = shape;
    this.#observer = observer;
  }

  /** Whether the log is there and complete. */
  async hasLog(): Promise<boolean> {
    return (await this.#log.readRegistry(this.#shape.partitions))?.status === 'READY';
  }

  get isLoaded(): boolean {
    return this.#state !== undefined;
  }

  get state(): CommittedState {
    if (this.#state === undefined) throw new Error(`${this.#log.unit} is not loaded`);
    return this.#state;
  }

  /** Forgets everything: after an unknown outcome nothing in memory can be relied on. */
  drop(): void {
    this.#state = undefined;
    this.#pointer.forget();
  }

  /** Loads the log's head. @returns false where there is no log yet: then `create` comes first */
  async load(): Promise<boolean> {
    this.drop();
    let last: unknown;
    for (let tries = 0; tries < LOAD_TRIES; tries++) {
      const found = await this.#log.readRegistry(this.#shape.partitions);
      if (found === undefined) return false;
      const registry =
        found.status === 'READY' ? found : await this.#log.genesis(found.base, this.#shape.partitions, found.manifest);
      try {
        await this.#loadFrom(registry);
        return true;
      } catch (error) {
        // Another container moved on while this one read: what it collected is named by the pointer no more.
        if (!(error instanceof RingWrapped) && !(error instanceof BlobMissing)) throw error;
        last = error;
        this.drop();
      }
    }
    throw this.#pointer.missing(last);
  }

  /**
   * Loads the partitions that computing needs, in this order and as far as memory allows: at least the first.
   * @throws MillraceError `LOST_RACE` where the log was collected
   * @returns whether other containers' commits were found on the way: then all that was known before has to be looked at again
   */
  async require(needed: () => Iterable<number>): Promise<boolean> {
    this.#pointer.requireUncollected();
    const { keyed, head } = this.state;
    for (;;) {
      if (keyed.absent.length === 0) return false;
      // A snapshot beyond the head is not its state.
      if (this.#pointer.registry.n > head.n) {
        await this.catchUp();
        return true;
      }
      const { needed: kept, missing } = this.#budget.admit(keyed, needed());
      for (const partition of kept) partition.usedAt = head.n;
      if (missing.length === 0) return false;
      // What is read may show that more is needed, or less.
      await this.#loadPartitions(missing, kept);
    }
  }

  /**
   * Loads these partitions, and those that every commit looks at, whatever memory they take, and keeps them until the next commit.
   * @throws MillraceError `LOST_RACE` where the log was collected
   */
  async loadAll(isWanted: (lp: number) => boolean): Promise<void> {
    this.#pointer.requireUncollected();
    this.#keepsAll = true;
    for (;;) {
      const inRange = [...this.state.keyed.partitions.values()].filter(
        ({ lp, isWatched }) => isWanted(lp) || isWatched,
      );
      const wanted = inRange.filter(({ isLoaded }) => !isLoaded);
      if (wanted.length === 0) return;
      if (this.#pointer.registry.n > this.state.head.n) await this.catchUp();
      else await this.#loadPartitions(wanted, new Set(inRange));
    }
  }

  /** Makes the log where there is none. @param inherited what a child's log begins with; a root's begins with nothing */
  async create(inherited: Inheritance | undefined): Promise<void> {
    if (inherited === undefined) {
      await this.#log.genesis(0, this.#shape.partitions);
    } else {
      const manifest = await writeImage(this.#log, this.#blobs, inherited);
      await this.#log.genesis(inherited.state.head.n, this.#shape.partitions, manifest);
    }
  }

  /** Applies what other containers have committed since. @returns how many commits that were */
  async catchUp(): Promise<number> {
    let chain: Slot[];
    try {
      chain = await this.#log.readChain(this.state.head.n + 1, catchUpSlots(this.#lastPayloadBytes));
      await this.#applyChain(chain);
    } catch (error) {
      if (!(error instanceof RingWrapped)) throw error;
      if (!(await this.load())) throw new Error(`the log of ${this.#log.unit} has vanished`);
      return this.#log.ringSize;
    }
    return chain.length;
  }

  /**
   * Appends a commit and applies it. False where another container's commit has that number: then nothing has changed
   * here, and `catchUp` comes next.
   */
  async append(
    commit: Commit,
    onStored: () => void | Promise<void>,
  ): Promise<{ applied: boolean; payloadBytes: number }> {
    const { header, body } = commit;
    await this.#requireCoverage(header.n);
    const { bytes, characters } = this.#log.encodePayload(body);
    const payload = await this.#log.store(header.n, header.attemptId, bytes);
    await onStored();
    const applied = await this.#log.append(header, payload);
    if (applied) {
      this.state.apply(commit);
      this.#keepsAll = false;
      this.#budget.trim(this.state.keyed);
      this.#charactersSinceSnapshot += characters;
      if (header.kind === 'upgrade') this.#upgraded = true;
      this.#lastPayloadBytes = bytes.length;
    } else if (payload.at === 'blob') {
      await this.#blobs.delete([payload.ref]);
    }
    return { applied, payloadBytes: bytes.length };
  }

  newAttemptId(): string {
    return this.#log.newAttemptId();
  }

  /** Writes a snapshot of the head where one is due. @returns whether it did */
  async snapshotIfDue(onWritten: () => void | Promise<void>): Promise<boolean> {
    if (!this.#isSnapshotDue()) return false;
    // Another container of this task may have written one since.
    await this.#refreshPointer();
    if (!this.#isSnapshotDue()) return false;
    await this.#snapshot(onWritten);
    return true;
  }

  /** Takes a step towards deleting what sealed logs have left that this one follows on. The next snapshot remembers which are done. */
  async collectAncestors(): Promise<void> {
    const { state } = this;
    const openLog = this.#openLog;
    if (openLog === undefined) return;
    const left: string[] = [];
    for (const unit of state.ancestors) {
      const step = await collectLog(unit, this.#shape.partitions, openLog);
      if (step.outcome !== 'waits') this.#observer.collected?.(unit, step);
      if (step.outcome !== 'done') left.push(unit);
    }
    state.ancestors = left;
  }

  /** Memory that keyed state takes, about; bytes. */
  get bytes(): number {
    return this.#state?.keyed.bytes ?? 0;
  }

  /** Whether so much has changed since the snapshot that the memory is full of it. */
  get isFull(): boolean {
    return this.#budget.isFull(this.state.keyed);
  }

  #isSnapshotDue(): boolean {
    const commits = this.state.head.n - this.#pointer.registry.n;
    const isMuch = this.#upgraded || this.#charactersSinceSnapshot >= SNAPSHOT_CHARACTERS || this.isFull;
    return commits >= this.#snapshotCommits || (commits > 0 && isMuch);
  }

  async #snapshot(onWritten: () => void | Promise<void> = () => undefined): Promise<void> {
    const written = await writeSnapshot(
      this.#log,
      this.#blobs,
      this.state,
      this.#pointer.registry,
      this.#pointer.manifest,
      (partition) => this.#loadPartitions([partition], new Set([partition])),
      onWritten,
    );
    if (written === undefined) {
      await this.#refreshPointer();
      return;
    }
    this.#pointer.set(written.registry, written.manifest);
    this.#charactersSinceSnapshot = 0;
    this.#upgraded = false;
    this.#observer.snapshot?.(this.#log.unit, written.registry.n);
    if (!this.#keepsAll) this.#budget.trim(this.state.keyed);
  }

  /** @returns false where the snapshot was collected meanwhile: now the newest one is known */
  async #loadPartitions(wanted: readonly StatePartition[], kept: ReadonlySet<StatePartition>): Promise<boolean> {
    const { keyed, head } = this.state;
    const bytes = wanted.reduce((sum, { loadedBytes }) => sum + loadedBytes, 0);
    const room = this.#budget.makeRoom(keyed, kept, bytes);
    const manifest = this.#pointer.manifest ?? nothingStored;
    try {
      await loadPartitions(this.#blobs, manifest, this.state, wanted, room);
    } catch (error) {
      if (!(error instanceof BlobMissing)) throw error;
      // The snapshot was collected, as it is when two newer ones are there. Where there is none, it is really gone.
      if (!(await this.#refreshPointer())) throw this.#pointer.missing(error);
      return false;
    }
    for (const partition of wanted) partition.usedAt = head.n;
    this.#observer.partitionsLoaded?.(this.#log.unit, wanted.length);
    return true;
  }

  /** A slot is overwritten only where a snapshot covers it: otherwise the snapshot comes first. Back-pressure, not loss. */
  async #requireCoverage(n: number): Promise<void> {
    const isCovered = () => this.#pointer.registry.n > n - this.#log.ringSize;
    if (isCovered()) return;
    await this.#refreshPointer();
    if (!isCovered()) await this.#snapshot();
    if (isCovered()) return;
    throw new MillraceError(
      'retryable',
      'LOST_RACE',
      `No snapshot of ${this.#log.unit} covers the slot of commit ${n} yet.`,
      { fix: 'Nothing: the batch is tried again.' },
    );
  }

  /** Takes over the newest snapshot. @returns whether it is another one than before */
  async #refreshPointer(): Promise<boolean> {
    if (!(await this.#pointer.refresh())) return false;
    this.#charactersSinceSnapshot = 0;
    const { manifest } = this.#pointer;
    if (manifest !== undefined) adoptSnapshot(manifest, this.state.keyed);
    return true;
  }

  async #loadFrom(registry: Registry): Promise<void> {
    const manifest = await this.#pointer.readManifest(registry);
    const [covered, ...tail] = await this.#log.readChain(registry.n, LOAD_SLOTS);
    if (covered === undefined) throw new RingWrapped(this.#log.unit);
    const state = new CommittedState(this.#shape, manifest?.header ?? covered.header, emptyOutbox);
    if (manifest !== undefined) restoreSnapshot(manifest, state);
    this.#state = state;
    this.#charactersSinceSnapshot = 0;
    await this.#applyChain(tail);
    // The head's outbox may still have to be published, though a snapshot covers the rest of it.
    if (tail.length === 0 && covered.payload.at !== 'none' && !registry.isCollected)
      state.restoreOutbox((await this.#log.readBody(covered)).outbox);
    this.#pointer.set(registry, manifest);
    this.#observer.loaded?.(this.#log.unit, tail.length, manifest !== undefined);
  }

  async #applyChain(chain: readonly Slot[]): Promise<void> {
    await this.#log.forEachBody(chain, (header, body, characters) => {
      this.state.apply({ header, body });
      this.#charactersSinceSnapshot += characters;
    });
  }
}
