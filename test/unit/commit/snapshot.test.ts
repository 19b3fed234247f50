import { describe, expect, it } from 'vitest';
import { RING_SIZE } from '../../../lib/commit/slot.ts';
import type { TaskStore } from '../../../lib/runtime/task-store.ts';
import type { Item } from '../../../lib/state/item-store.ts';
import type { EntryChange } from '../../../lib/state/state-table.ts';
import { faultyItems, never } from '../../support/faulty-ports.ts';
import { entriesOf, LogRig, open, PARTITIONS, set } from '../../support/log-rig.ts';
import { noise } from '../../support/noise.ts';

/** Past it a payload is stored beside its slot. */
const INLINE_BYTES = 64 * 1024;

/** Many commits: seconds on a machine that does other things too. */
const SLOW = { timeout: 30_000 };

/** Commits, with a snapshot where one is due after each. */
const commitAll = async (rig: LogRig, store: TaskStore, count: number, changes: (i: number) => EntryChange[]) => {
  for (let i = 0; i < count; i++) {
    expect(await rig.append(store, changes(i))).toBe(true);
    await store.snapshotIfDue(() => undefined);
  }
};

/** Up to which commit the snapshot holds everything. */
const covered = async (rig: LogRig): Promise<number> => (await rig.manifest())?.header.n ?? 0;

const loaded = async (rig: LogRig): Promise<TaskStore> => {
  const store = rig.store();
  await open(store);
  return store;
};

describe('a snapshot', () => {
  it('and the commits after it give what all commits give', async () => {
    const rig = new LogRig();
    const store = await loaded(rig);
    await commitAll(rig, store, 300, (i) => [
      set(i % PARTITIONS, `k${i % 90}`, { i, text: noise(40) }),
      set((i + 7) % PARTITIONS, `k${(i + 7) % 90}`, i % 3 === 0 ? undefined : i),
    ]);
    const fresh = await loaded(rig);
    expect(await entriesOf(fresh)).toEqual(await entriesOf(store));
    expect(fresh.state.head).toEqual(store.state.head);
    expect((await entriesOf(fresh)).length).toBeGreaterThan(20);
  });

  it('keeps marks, coverage and counts too', async () => {
    const rig = new LogRig();
    const store = await loaded(rig);
    for (let n = 1; n <= 70; n++) {
      const commit = rig.commit(n, {
        marks: [
          {
            producer: 'p1',
            from: n % 50,
            to: 60,
            n,
            watermarkMs: n * 2,
            excluded: n === 70,
            status: n === 69 ? 'sealed' : 'active',
          },
        ],
        rejections: { records: n, rejected: 2 },
        excluded: n > 60,
        outbox: {
          children: [],
          hops: [
            {
              stage: 'next',
              watermarkMs: n,
              excluded: false,
              covers: [{ from: 0, to: n % 64, prev: n - 1 }],
              rows: [],
            },
          ],
          sinks: [],
          rejections: [],
        },
      });
      await store.append(commit, () => undefined);
      await store.snapshotIfDue(() => undefined);
    }
    expect((await rig.manifest())?.header.n).toBe(64);
    const fresh = await loaded(rig);
    expect(fresh.state.marks.toChanges()).toEqual(store.state.marks.toChanges());
    expect([...fresh.state.coverage]).toEqual([...store.state.coverage]);
    expect(fresh.state.rejections).toEqual({ records: 70, rejected: 2 });
    expect(fresh.state.excluded).toBe(true);
    expect(fresh.state.outbox).toEqual(store.state.outbox);
  });

  it('writes by what changed and not by what is stored', SLOW, async () => {
    const written: number[] = [];
    for (const keys of [1_000, 100_000]) {
      const rig = new LogRig();
      let bytes = 0;
      const store = await loaded(rig);
      const all = Array.from({ length: keys }, (_, i) => set(i % PARTITIONS, `key-${i}`, i));
      await commitAll(rig, store, 1, () => all);
      await commitAll(rig, store, 63, () => []);
      const before = new Set(rig.memory.dump().map(({ sk }) => sk));
      await commitAll(rig, store, 64, (i) => [set(i, `key-${i}`, -i)]);
      for (const item of rig.memory.dump()) {
        if (item.b !== undefined && item.pk.includes('#B') && !before.has(item.sk))
          bytes += (item.b as Uint8Array).length;
      }
      expect((await rig.manifest())?.header.n).toBe(128);
      written.push(bytes);
    }
    expect(written[1]).toBeLessThan((written[0] as number) + 4_000);
  });

  it('keeps what was deleted deleted, where only a run of changes is written', async () => {
    const rig = new LogRig();
    const store = await loaded(rig);
    await commitAll(rig, store, 1, () => Array.from({ length: 200 }, (_, i) => set(3, `k${i}`, i)));
    await commitAll(rig, store, 63, () => []);
    await commitAll(rig, store, 64, (i) => (i === 0 ? [set(3, 'k7', undefined)] : []));
    expect((await rig.manifest())?.partitions[0]?.slice(0, 2)).toEqual([3, [expect.anything(), expect.anything()]]);
    expect((await entriesOf(await loaded(rig))).some((entry) => entry.includes('k7 '))).toBe(false);
    expect(await entriesOf(await loaded(rig))).toHaveLength(199);
  });

  it('is read from few places, however often little of a large partition changes', async () => {
    const rig = new LogRig();
    const store = rig.store(rig.memory, { snapshotCommits: 1 });
    await open(store);
    await commitAll(rig, store, 1, () => Array.from({ length: 2_000 }, (_, i) => set(3, `k${i}`, noise(40))));
    await commitAll(rig, store, 100, (i) => [set(3, `k${i}`, i)]);
    const manifest = await rig.manifest();
    expect(manifest?.header.n).toBe(101);
    expect(manifest?.partitions[0]?.[1].length).toBeLessThanOrEqual(32);
    expect(manifest?.blobs.length).toBeLessThanOrEqual(32);
    expect(await entriesOf(await loaded(rig))).toEqual(await entriesOf(store));
  });

  it('of the head still has the outputs of the head, which may not be published yet', async () => {
    const rig = new LogRig();
    const store = await loaded(rig);
    const sinks = [
      { sink: 's', rows: [{ lp: 1, n: 64, index: 0, eventTimeMs: 5, partitionKey: undefined, value: { a: 1 } }] },
    ];
    await commitAll(rig, store, 63, () => []);
    await store.append(rig.commit(64, { outbox: { hops: [], sinks, rejections: [], children: [] } }), () => undefined);
    expect(await store.snapshotIfDue(() => undefined)).toBe(true);
    expect((await loaded(rig)).state.outbox.sinks).toEqual(sinks);
  });
});

describe('collection', () => {
  /** Every other payload is too large for its slot. */
  const large = (i: number) => (i % 2 === 0 ? [set(i % PARTITIONS, `k${i % 100}`, noise(INLINE_BYTES * 1.5))] : []);

  it('leaves no orphan, deletes nothing that is needed, and keeps the number of blobs bounded', SLOW, async () => {
    const rig = new LogRig();
    const store = await loaded(rig);
    const counts: number[] = [];
    for (let round = 0; round < 3; round++) {
      await commitAll(rig, store, 192, large);
      expect(await rig.orphans()).toEqual([]);
      expect(await entriesOf(await loaded(rig))).toEqual(await entriesOf(store));
      counts.push(rig.blobItems);
    }
    expect(counts.at(-1)).toBeLessThan((counts[1] as number) + 20);
    expect(counts[0]).toBeGreaterThan(RING_SIZE / 2);
  });

  it('finds what writers left that died at any call while they snapshotted', SLOW, async () => {
    const rig = new LogRig();
    for (let died = 0; died < 18; died++) {
      let calls = Number.POSITIVE_INFINITY;
      const dying = rig.store(
        faultyItems(rig.memory, { around: (_call, effect) => (calls-- <= 0 ? never() : effect()) }),
      );
      await open(dying);
      if (dying.state.head.n - (await covered(rig)) >= 63) await commitAll(rig, dying, 1, () => []);
      const left = 63 - (dying.state.head.n - (await covered(rig)));
      await commitAll(rig, dying, left, (i) => (i < 10 ? large(2 * i) : []));
      expect(await rig.append(dying, large(2 * died))).toBe(true);
      calls = died;
      const snapshot = dying.snapshotIfDue(() => undefined);
      await Promise.race([snapshot, new Promise((resolve) => setImmediate(resolve))]);
    }
    const store = await loaded(rig);
    await commitAll(rig, store, 400, () => []);
    expect(await rig.orphans()).toEqual([]);
    expect(await entriesOf(await loaded(rig))).toEqual(await entriesOf(store));
  });

  it('takes the blobs of a snapshot that lost', async () => {
    const rig = new LogRig();
    const [winner, loser] = [await loaded(rig), await loaded(rig)];
    for (let n = 1; n <= 64; n++) {
      await rig.append(winner, large(n));
      await loser.catchUp();
    }
    let blobs = 0;
    await loser.snapshotIfDue(async () => {
      await winner.snapshotIfDue(() => undefined);
      blobs = rig.blobItems;
    });
    expect(rig.blobItems).toBeLessThan(blobs);
    expect(await entriesOf(await loaded(rig))).toEqual(await entriesOf(winner));
  });

  it('spares the blobs of a snapshot that was in place, though its writer was told that it lost', async () => {
    const rig = new LogRig();
    // The put is repeated, as the SDK does when no answer comes: by then another snapshot stands on this one's blobs.
    let repeat = async (): Promise<unknown> => undefined;
    const slow = rig.store(
      faultyItems(rig.memory, {
        around: async (call, effect) => {
          const answer = await effect();
          if (call.target !== 'S' || call.operation !== 'put' || call.genesis) return answer;
          await repeat();
          return effect();
        },
      }),
    );
    await open(slow);
    await commitAll(rig, slow, 63, (i) => Array.from({ length: 50 }, (_, k) => set(i, `k${i}-${k}`, noise(200))));
    repeat = async () => {
      const next = await loaded(rig);
      await commitAll(rig, next, 64, (i) => [set(i, `k${i}-0`, i)]);
      repeat = async () => undefined;
    };
    await commitAll(rig, slow, 1, () => []);
    expect((await rig.manifest())?.header.n).toBe(128);
    expect((await entriesOf(await loaded(rig))).length).toBeGreaterThan(3_000);
  });
});

describe('loading', () => {
  it('reads the pointer again when the snapshot it named was collected meanwhile', async () => {
    const rig = new LogRig();
    const store = await loaded(rig);
    const change = (i: number) => [set(i % 4, `k${i % 4}`, noise(INLINE_BYTES))];
    await commitAll(rig, store, 70, change);
    let once = true;
    const reader = rig.store(
      faultyItems(rig.memory, {
        around: async (call, effect) => {
          const answer = await effect();
          if (call.target === 'S' && call.operation === 'get' && once) {
            once = false;
            await commitAll(rig, store, 400, change);
          }
          return answer;
        },
      }),
    );
    await open(reader);
    expect(await entriesOf(reader)).toEqual(await entriesOf(store));
  });

  it('throws CORRUPT_BLOB where a blob is gone or is not what was written', async () => {
    const rig = new LogRig();
    await commitAll(rig, await loaded(rig), 64, (i) => [set(i, `k${i}`, noise(20_000))]);
    const blob = rig.memory.dump().find(({ pk, sk }) => pk.includes('#B') && sk.includes('-s#'));
    await rig.memory.put({ ...(blob as Item), b: Buffer.from('other') }, { kind: 'none' });
    await expect(loaded(rig).then(entriesOf)).rejects.toMatchObject({ code: 'CORRUPT_BLOB', kind: 'corrupt' });
    await rig.memory.deleteMany([blob as Item]);
    await expect(loaded(rig).then(entriesOf)).rejects.toMatchObject({ code: 'CORRUPT_BLOB', kind: 'corrupt' });
  });
});
