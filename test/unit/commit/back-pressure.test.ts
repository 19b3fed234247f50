import { describe, expect, it } from 'vitest';
import { RING_SIZE } from '../../../lib/commit/slot.ts';
import { MillraceError } from '../../../lib/errors/millrace-error.ts';
import { faultyItems } from '../../support/faulty-ports.ts';
import { entriesOf, LogRig, open, set } from '../../support/log-rig.ts';
import { noise } from '../../support/noise.ts';

describe('a ring without a snapshot that covers it', () => {
  it('takes no commit while snapshots cannot be written, and goes on when they can', { timeout: 30_000 }, async () => {
    const rig = new LogRig();
    let refuses = true;
    const store = rig.store(
      faultyItems(rig.memory, {
        around: (call, effect) => {
          if (refuses && call.operation === 'putMany')
            throw new MillraceError('retryable', 'STORE_UNAVAILABLE', 'blobs are refused', { fix: 'Wait.' });
          return effect();
        },
      }),
    );
    await open(store);
    const change = (n: number) => [set(n % 8, `k${n}`, noise(200))];
    for (let n = 1; n < RING_SIZE; n++) expect(await rig.append(store, change(n))).toBe(true);
    for (let tries = 0; tries < 3; tries++) {
      await expect(rig.append(store, change(RING_SIZE))).rejects.toMatchObject({ kind: 'retryable' });
      expect(store.state.head.n).toBe(RING_SIZE - 1);
    }
    refuses = false;
    for (let n = RING_SIZE; n < 3 * RING_SIZE; n++) expect(await rig.append(store, change(n))).toBe(true);
    const fresh = rig.store();
    await open(fresh);
    expect(await entriesOf(fresh)).toHaveLength(3 * RING_SIZE - 1);
  });
});

describe('a value larger than an item', () => {
  it('goes through the log and through snapshots in chunks', { timeout: 30_000 }, async () => {
    const rig = new LogRig();
    const store = rig.store();
    await open(store);
    const value = Array.from({ length: 4 }, () => noise(500_000));
    expect(await rig.append(store, [set(3, 'large', value)])).toBe(true);
    const tail = rig.store();
    await open(tail);
    expect(await entriesOf(tail)).toEqual([`3 0 large ${JSON.stringify(value)}`]);
    for (let n = 2; n <= 70; n++) {
      expect(await rig.append(store, [set(3, 'small', n)])).toBe(true);
      await store.snapshotIfDue(() => undefined);
    }
    const fresh = rig.store();
    await open(fresh);
    expect((await rig.manifest())?.header.n).toBe(64);
    expect(await entriesOf(fresh)).toEqual([`3 0 large ${JSON.stringify(value)}`, '3 0 small 70']);
  });
});
