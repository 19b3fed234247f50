import { describe, expect, it } from 'vitest';
import { inherit } from '../../../lib/runtime/inherit.ts';
import type { TaskStore } from '../../../lib/runtime/task-store.ts';
import { entriesOf, LogRig, open, PARTITIONS, requirePartition, set, shape, UNIT } from '../../support/log-rig.ts';
import { noise } from '../../support/noise.ts';

const CHILD = `${UNIT}-child`;
const ENTRY_BYTES = 200_000;

/** A log with one entry of 200 KB in each partition, some of them twice. */
const filled = async (rig: LogRig): Promise<void> => {
  const store = rig.store();
  await open(store);
  for (let i = 0; i < PARTITIONS + 20; i++) {
    expect(await rig.append(store, [set(i % PARTITIONS, `k${i}`, noise(ENTRY_BYTES))])).toBe(true);
    await store.snapshotIfDue(() => undefined);
  }
};

const residents = ({ state }: TaskStore): number =>
  [...state.keyed.partitions.values()].filter(({ isLoaded, bytes }) => isLoaded && bytes > 0).length;

describe('the image that a child begins with', () => {
  it('is copied from a parent larger than memory, a few partitions at a time', { timeout: 60_000 }, async () => {
    const rig = new LogRig();
    await filled(rig);
    const parent = rig.store(rig.memory, { memoryBytes: () => 4 * ENTRY_BYTES });
    await parent.load();
    expect(parent.state.keyed.partitions.size).toBe(PARTITIONS);
    let most = 0;
    const look: Parameters<typeof inherit>[1][number]['look'] = async (lp, at) => {
      await requirePartition(parent, lp);
      most = Math.max(most, residents(parent));
      at(parent.state.keyed.partition(lp));
    };
    const inheritance = inherit(shape, [{ state: parent.state, look }]);
    const child = rig.storeOf(CHILD);
    await child.create(inheritance);
    // Those that changed since the snapshot, or fit.
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(5);
    expect(inheritance.state.keyed.partitions.size).toBe(0);
    await child.load();
    expect(child.state.keyed.partitions.size).toBe(PARTITIONS);
    const all = rig.store();
    await all.load();
    expect(await entriesOf(child)).toEqual(await entriesOf(all));
    // More than is kept in memory until it is written.
    const blobs = new Set(
      rig.memory
        .dump()
        .filter(({ pk }) => pk.startsWith(`${CHILD}#B`))
        .map(({ sk }) => sk.slice(0, -5)),
    );
    expect(blobs.size).toBeGreaterThanOrEqual(2);
  });
});
