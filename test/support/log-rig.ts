import { blobName } from '../../lib/commit/blob-ref.ts';
import { BlobStore } from '../../lib/commit/blob-store.ts';
import type { UnitLog } from '../../lib/commit/collect-log.ts';
import type { Commit, CommitBody, CommitKind } from '../../lib/commit/commit.ts';
import { CommitLog } from '../../lib/commit/commit-log.ts';
import type { TaskShape } from '../../lib/commit/committed-state.ts';
import type { Manifest } from '../../lib/commit/manifest.ts';
import { emptyOutbox } from '../../lib/commit/outbox.ts';
import { decodeRegistry, registryKey } from '../../lib/commit/registry.ts';
import { decodeSlot } from '../../lib/commit/slot.ts';
import { decodeManifest } from '../../lib/commit/snapshot.ts';
import type { MemoryBlobBucket } from '../../lib/memory/memory-blob-bucket.ts';
import { MemoryItemStore } from '../../lib/memory/memory-item-store.ts';
import { TaskStore, type TaskStoreOptions } from '../../lib/runtime/task-store.ts';
import type { ItemStore } from '../../lib/state/item-store.ts';
import type { EntryChange } from '../../lib/state/state-table.ts';
import { SeededRandom } from '../../lib/testing/seeded-random.ts';

export const UNIT = 'job/1/stage/stream@0/shard';
export const PARTITIONS = 64;

export const shape: TaskShape = {
  tables: [{ id: 'table', timerMs: () => undefined }],
  partitions: PARTITIONS,
  owned: { from: 0, to: PARTITIONS - 1 },
  producers: ['p1', 'p2'],
  destinations: ['next'],
  epochs: { epoch: 1, from: () => undefined },
};

export const emptyBody: CommitBody = {
  changes: [],
  marks: [],
  excluded: false,
  rejections: { records: 0, rejected: 0 },
  outbox: emptyOutbox,
};

/** One unit's table, and as many containers before it as a test wants. */
export class LogRig {
  readonly memory: MemoryItemStore;
  readonly random = new SeededRandom(1);
  /** For large payloads, while it is set. */
  blobs: MemoryBlobBucket | undefined;

  constructor(memory = new MemoryItemStore()) {
    this.memory = memory;
  }

  log(items: ItemStore = this.memory): CommitLog {
    return this.open(UNIT, items).log;
  }

  /** Another unit of the same table. */
  open(unit: string, items: ItemStore = this.memory): UnitLog {
    const blobs = new BlobStore({ items, blobs: this.blobs }, unit);
    return { log: new CommitLog(unit, items, blobs, this.random), blobs };
  }

  /** What a container has of the unit. */
  store(items: ItemStore = this.memory, options: TaskStoreOptions = {}): TaskStore {
    return this.storeOf(UNIT, items, options);
  }

  storeOf(unit: string, items: ItemStore = this.memory, options: TaskStoreOptions = {}): TaskStore {
    const { log, blobs } = this.open(unit, items);
    return new TaskStore(log, blobs, shape, {}, { openLog: (other) => this.open(other, items), ...options });
  }

  commit(n: number, body: Partial<CommitBody> = {}, kind: CommitKind = 'batch'): Commit {
    return {
      header: {
        n,
        attemptId: this.random.uniqueId(),
        epoch: 1,
        kind,
        position: { sequenceNumber: String(n), arrivalMs: n, emptyAsOfMs: 0 },
        watermarkMs: n,
      },
      body: { ...emptyBody, ...body },
    };
  }

  /** Appends the next commit to a loaded store. */
  async append(store: TaskStore, changes: readonly EntryChange[] = []): Promise<boolean> {
    const commit = this.commit(store.state.head.n + 1, { changes });
    return (await store.append(commit, () => undefined)).applied;
  }

  async manifest(): Promise<Manifest | undefined> {
    const registry = decodeRegistry((await this.memory.get(registryKey(UNIT))) as never, PARTITIONS);
    if (registry.manifest.at === 'none') return undefined;
    return decodeManifest(await this.log().readPayload(registry.manifest));
  }

  /** Names of stored blobs that nothing refers to, of commits that were collected already. */
  async orphans(): Promise<string[]> {
    const items = this.memory.dump();
    const manifest = await this.manifest();
    const needed = new Set([...(manifest?.blobs ?? []), ...(manifest?.dropped ?? [])].map(blobName));
    for (const item of items) {
      if (item.sk === 'S') {
        const { manifest: payload } = decodeRegistry(item, PARTITIONS);
        if (payload.at === 'blob') needed.add(blobName(payload.ref));
      }
      if (!item.sk.startsWith('L#')) continue;
      const { payload } = decodeSlot(item);
      if (payload.at === 'blob') needed.add(blobName(payload.ref));
    }
    const stored = items
      .filter(({ pk }) => pk.startsWith(`${UNIT}#B`))
      .map(({ sk }) => sk.slice(0, sk.lastIndexOf('#')));
    return [...new Set(stored)].filter(
      (name) => !needed.has(name) && Number(name.split('#')[0]) < (manifest?.sweptTo ?? 0),
    );
  }

  get blobItems(): number {
    return this.memory.dump().filter(({ pk }) => pk.startsWith(`${UNIT}#B`)).length;
  }
}

/** Loads a root's log, which is made where there is none. */
export const open = async (store: TaskStore): Promise<void> => {
  if (await store.load()) return;
  await store.create(undefined);
  await store.load();
};

/** The entries of a state as text, in order. */
export const entriesOf = async (store: TaskStore): Promise<string[]> => {
  await store.loadAll(() => true);
  return [...store.state.keyed.partitions.values()]
    .flatMap(({ lp, tables }) =>
      tables.flatMap((entries, table) =>
        [...entries].map(([key, value]) => `${lp} ${table} ${key} ${JSON.stringify(value)}`),
      ),
    )
    .sort();
};

/** Loads a partition as computing would: again where other containers' commits were found on the way. */
export const requirePartition = async (store: TaskStore, ...lps: number[]): Promise<void> => {
  while (await store.require(() => lps)) {
    // What was known has moved on.
  }
};

export const set = (lp: number, key: string, value: unknown): EntryChange => ({ lp, table: 0, key, value });
