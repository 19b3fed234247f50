import { describe, expect, it } from 'vitest';
import { type Collected, collectLog } from '../../../lib/commit/collect-log.ts';
import { CommittedState } from '../../../lib/commit/committed-state.ts';
import { emptyOutbox } from '../../../lib/commit/outbox.ts';
import { MemoryBlobBucket } from '../../../lib/memory/memory-blob-bucket.ts';
import type { TaskStore } from '../../../lib/runtime/task-store.ts';
import type { ItemStore } from '../../../lib/state/item-store.ts';
import { faultyItems } from '../../support/faulty-ports.ts';
import { emptyBody, entriesOf, LogRig, open, PARTITIONS, set, shape, UNIT } from '../../support/log-rig.ts';
import { noise } from '../../support/noise.ts';

const LOW = `${UNIT}-low`;
const HIGH = `${UNIT}-high`;
const SLOW = { timeout: 30_000 };

/** A log of 150 commits, some of whose payloads are beside their slots, with snapshots, sealed for two children. */
const sealed = async (rig: LogRig, beforeSeal?: () => Promise<void>): Promise<TaskStore> => {
  const store = rig.store();
  await open(store);
  for (let i = 0; i < 150; i++) {
    const changes = [set(i % 8, `k${i % 16}`, noise(i % 10 === 0 ? 90_000 : 500))];
    expect(await rig.append(store, changes)).toBe(true);
    await store.snapshotIfDue(() => undefined);
  }
  await beforeSeal?.();
  const children = [LOW, HIGH].map((unit) => ({ unit, parents: [UNIT] }));
  const outbox = { ...emptyOutbox, children };
  await store.append(rig.commit(store.state.head.n + 1, { outbox }, 'seal'), () => undefined);
  return store;
};

const begin = async (rig: LogRig, unit: string, parent: TaskStore): Promise<TaskStore> => {
  const state = new CommittedState(shape, { ...parent.state.head, kind: 'genesis' }, emptyOutbox);
  state.ancestors = [UNIT];
  const child = rig.storeOf(unit);
  await child.create({
    state,
    partitions: async function* () {
      yield* [];
    },
  });
  await child.load();
  return child;
};

const step = (rig: LogRig, items: ItemStore = rig.memory): Promise<Collected> =>
  collectLog(UNIT, PARTITIONS, (unit) => rig.open(unit, items));

const collectAll = async (rig: LogRig): Promise<Collected[]> => {
  const steps: Collected[] = [];
  while (steps.at(-1)?.outcome !== 'done' && steps.length < 100) steps.push(await step(rig));
  return steps;
};

/** All that is left of the parent: one registry, and slots without bodies. */
const expectBare = (rig: LogRig): void => {
  const items = rig.memory.dump().filter(({ pk }) => pk === UNIT || pk.startsWith(`${UNIT}#`));
  expect(items.filter(({ sk }) => sk === 'S')).toMatchObject([{ c: 1, n: 151, st: 'READY' }]);
  expect(items.filter(({ sk }) => sk.startsWith('L#')).length).toBe(128);
  expect(items.filter(({ b, r, m }) => b !== undefined || r !== undefined || m !== undefined)).toEqual([]);
  expect(rig.blobItems).toBe(0);
};

describe('what a sealed log held', () => {
  it('waits until every child that its seal names has begun', async () => {
    const rig = new LogRig();
    const parent = await sealed(rig);
    const before = rig.memory.dump();
    expect(await step(rig)).toMatchObject({ outcome: 'waits' });
    await begin(rig, LOW, parent);
    expect(await step(rig)).toMatchObject({ outcome: 'waits' });
    const own = ({ pk }: { readonly pk: string }) => pk === UNIT || pk.startsWith(`${UNIT}#`);
    expect(rig.memory.dump().filter(own)).toEqual(before);
    await begin(rig, HIGH, parent);
    expect(await step(rig)).toMatchObject({ outcome: 'part', wasBegun: false });
  });

  it('is deleted in bounded steps, in the table and in a bucket; its registry and its numbers stay', SLOW, async () => {
    const rig = new LogRig();
    const parent = await sealed(rig);
    rig.blobs = new MemoryBlobBucket();
    await rig.open(UNIT).blobs.put(7, 'left-behind', Buffer.from('by a writer that died'));
    await begin(rig, LOW, parent);
    await begin(rig, HIGH, parent);
    const steps = await collectAll(rig);
    expect(steps.length).toBeGreaterThan(2);
    for (const { removed } of steps) expect(removed).toBeLessThanOrEqual(32 + 32 + 1);
    expectBare(rig);
    expect(rig.blobs.keys().filter((key) => key.startsWith(`${UNIT}/`))).toEqual([]);
  });

  it('is deleted however often its collector dies, between any two calls', SLOW, async () => {
    for (let dies = 1, alive = false; !alive; dies += 7) {
      const rig = new LogRig();
      const parent = await sealed(rig);
      await begin(rig, LOW, parent);
      await begin(rig, HIGH, parent);
      for (let steps = 0; steps < 3; steps++) {
        let calls = 0;
        const mortal = faultyItems(rig.memory, {
          around: (_, effect) => (++calls < dies ? effect() : Promise.reject(new Error('dead'))),
        });
        alive = await step(rig, mortal).then(
          () => true,
          () => false,
        );
        const fresh = rig.store();
        expect(await fresh.load()).toBe(true);
        expect(fresh.state.head).toEqual(parent.state.head);
      }
      await collectAll(rig);
      expectBare(rig);
    }
  });

  it('stays collected, also for a container that still has an older snapshot to write', async () => {
    const rig = new LogRig();
    const parent = await sealed(rig);
    const zombie = rig.store(rig.memory, { snapshotCommits: 1 });
    await zombie.load();
    const { log } = rig.open(UNIT);
    const registry = await log.readRegistry(PARTITIONS);
    await begin(rig, LOW, parent);
    await begin(rig, HIGH, parent);
    await collectAll(rig);
    await expect(zombie.snapshotIfDue(() => undefined)).rejects.toMatchObject({ code: 'LOST_RACE' });
    const late = {
      ...(registry as NonNullable<typeof registry>),
      n: 151,
      manifest: { at: 'inline' as const, bytes: Buffer.from('m') },
    };
    expect(await log.moveRegistry(registry?.n ?? 0, late)).toBe('lost');
    expectBare(rig);
  });

  it('is missed by nobody who only asks whether the log is sealed', async () => {
    const rig = new LogRig();
    const parent = await sealed(rig);
    const behind = rig.store();
    await behind.load();
    await begin(rig, LOW, parent);
    await begin(rig, HIGH, parent);
    await collectAll(rig);
    const cold = rig.store();
    expect(await cold.load()).toBe(true);
    expect(cold.state.head).toEqual(parent.state.head);
    expect(cold.state.outbox).toEqual(emptyOutbox);
    expect(await behind.catchUp()).toBe(0);
  });

  it('fences a container that was frozen before the seal: it finds the seal', async () => {
    const rig = new LogRig();
    const zombie = rig.store();
    await open(zombie);
    const parent = await sealed(rig);
    await begin(rig, LOW, parent);
    await begin(rig, HIGH, parent);
    await collectAll(rig);
    const { header } = rig.commit(1, emptyBody);
    expect((await zombie.append({ header, body: emptyBody }, () => undefined)).applied).toBe(false);
    await zombie.catchUp();
    expect(zombie.state.head.kind).toBe('seal');
    await rig.open(UNIT).log.genesis(0, PARTITIONS);
    expectBare(rig);
  });

  it('is not missed by a container that was frozen a few commits before: what it has still to read is the seal', async () => {
    const rig = new LogRig();
    const zombie = rig.store();
    const parent = await sealed(rig, async () => {
      await zombie.load();
    });
    expect(zombie.state.head.n).toBe(150);
    await begin(rig, LOW, parent);
    await begin(rig, HIGH, parent);
    await collectAll(rig);
    await zombie.catchUp();
    expect(zombie.state.head).toEqual(parent.state.head);
  });

  it('is never taken for an empty state: who has loaded a part of it is told that the children go on', async () => {
    const rig = new LogRig();
    const parent = await sealed(rig);
    const reader = rig.store();
    await reader.load();
    expect(reader.state.keyed.absent).not.toEqual([]);
    await begin(rig, LOW, parent);
    await begin(rig, HIGH, parent);
    await collectAll(rig);
    await expect(entriesOf(reader)).rejects.toMatchObject({ code: 'LOST_RACE', kind: 'retryable' });
    const cold = rig.store();
    await cold.load();
    await expect(entriesOf(cold)).rejects.toMatchObject({ code: 'LOST_RACE', kind: 'retryable' });
    await expect(cold.require(() => [3])).rejects.toMatchObject({ code: 'LOST_RACE', kind: 'retryable' });
  });

  it('is remembered by the children in their snapshots until it is gone', SLOW, async () => {
    const rig = new LogRig();
    const parent = await sealed(rig);
    const low = await begin(rig, LOW, parent);
    const commit = async () => {
      const { n } = low.state.head;
      expect((await low.append(rig.commit(n + 1), () => undefined)).applied).toBe(true);
    };
    const snapshots = async (count: number) => {
      for (let i = 0; i < count * 64; i++) {
        await commit();
        if (await low.snapshotIfDue(() => undefined)) await low.collectAncestors();
      }
    };
    const reloaded = async () => {
      const store = rig.storeOf(LOW);
      await store.load();
      return store.state.ancestors;
    };
    await snapshots(1);
    expect(await reloaded()).toEqual([UNIT]);
    await begin(rig, HIGH, parent);
    await snapshots(10);
    expectBare(rig);
    expect(await reloaded()).toEqual([]);
  });
});
