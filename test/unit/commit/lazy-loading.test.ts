import { describe, expect, it } from 'vitest';
import { encodeFrame } from '../../../lib/commit/frame.ts';
import type { ManifestPartition } from '../../../lib/commit/manifest.ts';
import { MemoryItemStore } from '../../../lib/memory/memory-item-store.ts';
import type { TaskStore, TaskStoreOptions } from '../../../lib/runtime/task-store.ts';
import type { StoreRequest } from '../../../lib/state/item-store.ts';
import { faultyItems } from '../../support/faulty-ports.ts';
import { entriesOf, LogRig, open, PARTITIONS, requirePartition, set, UNIT } from '../../support/log-rig.ts';
import { noise } from '../../support/noise.ts';

const SLOW = { timeout: 30_000 };

const loaded = async (rig: LogRig, options: TaskStoreOptions = {}): Promise<TaskStore> => {
  const store = rig.store(rig.memory, options);
  await open(store);
  return store;
};

const commit = async (rig: LogRig, store: TaskStore, times: number, lp: (i: number) => number, text: () => string) => {
  for (let i = 0; i < times; i++) {
    expect(await rig.append(store, [set(lp(i), `k${i % 7}`, text())])).toBe(true);
    await store.snapshotIfDue(() => undefined);
  }
};

const loadedLps = (store: TaskStore): number[] =>
  [...store.state.keyed.partitions.values()].filter(({ isLoaded }) => isLoaded).map(({ lp }) => lp);

describe('a cold start', () => {
  it(
    'reads registry, manifest and tail; a partition is read when it is needed, and what lies beside it',
    SLOW,
    async () => {
      const requests: StoreRequest[] = [];
      const rig = new LogRig(new MemoryItemStore({ observer: (request) => requests.push(request) }));
      await commit(
        rig,
        await loaded(rig),
        70,
        (i) => i % PARTITIONS,
        () => noise(50_000),
      );
      requests.length = 0;
      const store = await loaded(rig);
      expect(loadedLps(store)).toEqual([]);
      expect(requests.filter(({ pk }) => pk.includes('#B'))).toEqual([]);
      await requirePartition(store, 40);
      const units = requests.filter(({ pk }) => pk.includes('#B')).reduce((sum, { readUnits }) => sum + readUnits, 0);
      // One chunk of 350 KB, or two: not the 2.5 MB that are stored.
      expect(units).toBeLessThanOrEqual(2 * 90);
      expect(loadedLps(store)).toContain(40);
      expect(loadedLps(store).length).toBeLessThan(15);
      expect(() => store.state.keyed.get(3, 0, 'k3')).toThrow('not loaded');
    },
  );

  it('loads a small state at once: it is one read', async () => {
    const rig = new LogRig();
    await commit(
      rig,
      await loaded(rig),
      64,
      (i) => i % PARTITIONS,
      () => noise(1_000),
    );
    const store = await loaded(rig);
    await requirePartition(store, 40);
    expect(loadedLps(store)).toHaveLength(PARTITIONS);
  });

  it('takes a snapshot of a release that did not say when partitions are due, and loads what may be', async () => {
    const rig = new LogRig();
    const writer = await loaded(rig);
    await commit(
      rig,
      writer,
      64,
      (i) => i % 5,
      () => noise(100),
    );
    const manifest = await rig.manifest();
    const partitions = manifest?.partitions.map(
      ([lp, sections]): ManifestPartition => [lp, sections.map(([blob, offset, length]) => [blob, offset, length])],
    );
    const item = (await rig.memory.get({ pk: UNIT, sk: 'S' })) as { pk: string; sk: string };
    await rig.memory.put({ ...item, m: encodeFrame(JSON.stringify({ ...manifest, partitions })) }, { kind: 'none' });
    const store = await loaded(rig);
    for (const { timerMs, isWatched } of store.state.keyed.absent)
      expect({ timerMs, isWatched }).toEqual({ timerMs: Number.NEGATIVE_INFINITY, isWatched: true });
    await requirePartition(store);
    expect(store.state.keyed.absent).toEqual([]);
    expect(await entriesOf(store)).toEqual(await entriesOf(writer));
  });
});

describe('a container that was idle', () => {
  it.each([10, 100, 500])(
    'loads what it needs although its snapshot was collected %i commits ago',
    SLOW,
    async (times) => {
      const rig = new LogRig();
      const writer = await loaded(rig, { snapshotCommits: 4 });
      const change = [(i: number) => i % 16, () => noise(30_000)] as const;
      await commit(rig, writer, 100, ...change);
      const idle = await loaded(rig);
      await commit(rig, writer, times, ...change);
      await requirePartition(idle, 3, 9);
      expect(loadedLps(idle)).toEqual(expect.arrayContaining([3, 9]));
      await idle.catchUp();
      expect(await entriesOf(idle)).toEqual(await entriesOf(writer));
    },
  );

  it('writes no snapshot from what it does not have', SLOW, async () => {
    const rig = new LogRig();
    const writer = await loaded(rig);
    await commit(
      rig,
      writer,
      128,
      (i) => i % 16,
      () => noise(2_000),
    );
    const idle = await loaded(rig);
    await commit(
      rig,
      idle,
      64,
      () => 3,
      () => noise(100),
    );
    expect((await rig.manifest())?.header.n).toBe(192);
    expect(await entriesOf(await loaded(rig))).toEqual(await entriesOf(idle));
    await writer.catchUp();
    expect(await entriesOf(writer)).toEqual(await entriesOf(idle));
  });

  it('throws CORRUPT_BLOB where the newest snapshot lacks a blob', async () => {
    const rig = new LogRig();
    await commit(
      rig,
      await loaded(rig),
      64,
      (i) => i % 16,
      () => noise(2_000),
    );
    const store = await loaded(rig);
    for (const { pk, sk } of rig.memory.dump()) if (sk.includes('-s#')) await rig.memory.deleteMany([{ pk, sk }]);
    await expect(requirePartition(store, 3)).rejects.toMatchObject({ code: 'CORRUPT_BLOB' });
  });
});

describe('a state larger than its memory', () => {
  const LIMIT = 50_000;
  const large = async (rig: LogRig): Promise<TaskStore> => {
    const writer = await loaded(rig);
    await commit(
      rig,
      writer,
      256,
      (i) => i % PARTITIONS,
      () => noise(2_000),
    );
    return writer;
  };

  it('keeps to it: what was used last stays', SLOW, async () => {
    const rig = new LogRig();
    const whole = await large(rig);
    expect(whole.bytes).toBeGreaterThan(10 * LIMIT);
    const store = await loaded(rig, { memoryBytes: () => LIMIT });
    for (let i = 0; i < 300; i++) {
      const lp = (i * 5) % PARTITIONS;
      await requirePartition(store, lp);
      expect(store.state.keyed.isLoaded(lp)).toBe(true);
      expect(await rig.append(store, [set(lp, `k${i % 7}`, noise(2_000))])).toBe(true);
      if (store.isFull || i % 50 === 0) await store.snapshotIfDue(() => undefined);
      expect(store.bytes).toBeLessThan(LIMIT * 1.3);
    }
    expect(loadedLps(store).length).toBeGreaterThan(0);
    const fresh = await loaded(rig);
    expect(await entriesOf(fresh)).toEqual(await entriesOf(store));
  });

  it('admits of what is needed only as much as fits, in its order', SLOW, async () => {
    const rig = new LogRig();
    await large(rig);
    const store = await loaded(rig, { memoryBytes: () => LIMIT });
    const all = Array.from({ length: PARTITIONS }, (_, i) => (i * 7) % PARTITIONS);
    await requirePartition(store, ...all);
    const isLoaded = all.map((lp) => store.state.keyed.isLoaded(lp));
    expect(isLoaded[0]).toBe(true);
    expect(isLoaded.at(-1)).toBe(false);
    expect(store.bytes).toBeLessThanOrEqual(LIMIT);
  });

  it(
    'gets runs of changes for partitions that are not loaded, and rewrites those that have too many',
    SLOW,
    async () => {
      const rig = new LogRig();
      await large(rig);
      const store = await loaded(rig, { memoryBytes: () => LIMIT, snapshotCommits: 8 });
      await commit(
        rig,
        store,
        400,
        (i) => i % 4,
        () => noise(1_000),
      );
      const manifest = await rig.manifest();
      const most = Math.max(...(manifest?.partitions.map(([, sections]) => sections.length) ?? []));
      expect(most).toBeGreaterThan(1);
      expect(most).toBeLessThanOrEqual(33);
      expect(await entriesOf(await loaded(rig))).toEqual(await entriesOf(store));
      expect(await rig.orphans()).toEqual([]);
    },
  );
});

describe('loading', () => {
  it('reads only blobs of the snapshot that it knows, and of that nothing twice', SLOW, async () => {
    const rig = new LogRig();
    await commit(
      rig,
      await loaded(rig),
      128,
      (i) => i % PARTITIONS,
      () => noise(20_000),
    );
    const read: string[] = [];
    const store = rig.store(
      faultyItems(rig.memory, {
        around: (call, effect) => {
          if (call.operation === 'getMany') read.push(call.target);
          return effect();
        },
      }),
    );
    await open(store);
    for (let lp = 0; lp < PARTITIONS; lp++) await requirePartition(store, lp);
    expect(store.state.keyed.absent).toEqual([]);
    expect(read.length).toBeLessThan(PARTITIONS / 2);
  });
});
