import { describe, expect, it } from 'vitest';
import { decodeBlobRef, encodeBlobRef } from '../../../lib/commit/blob-ref.ts';
import { MemoryBlobBucket } from '../../../lib/memory/memory-blob-bucket.ts';
import type { TaskStore } from '../../../lib/runtime/task-store.ts';
import { entriesOf, LogRig, open, set } from '../../support/log-rig.ts';
import { noise } from '../../support/noise.ts';

/** Commits whose payloads are past the limit of a bucket and, every third time, past that of the table too. */
const commitAll = async (rig: LogRig, store: TaskStore, count: number, expected: Map<string, string>) => {
  for (let i = 0; i < count; i++) {
    const n = store.state.head.n;
    const value = noise(n % 3 === 0 ? 90_000 : 20_000);
    expect(await rig.append(store, [set(n % 8, `k${n % 16}`, value)])).toBe(true);
    expected.set(`${n % 8} 0 k${n % 16}`, JSON.stringify(value));
    await store.snapshotIfDue(() => undefined);
  }
};

const reopened = async (rig: LogRig): Promise<TaskStore> => {
  const store = rig.store();
  expect(await store.load()).toBe(true);
  return store;
};

const check = async (rig: LogRig, expected: ReadonlyMap<string, string>) =>
  expect(await entriesOf(await reopened(rig))).toEqual([...expected].map(([key, value]) => `${key} ${value}`).sort());

describe('a job with a bucket', () => {
  it('puts everything large there, and collects what nothing needs any more', { timeout: 30_000 }, async () => {
    const rig = new LogRig();
    const bucket = new MemoryBlobBucket();
    rig.blobs = bucket;
    const store = rig.store();
    const expected = new Map<string, string>();
    await open(store);
    await commitAll(rig, store, 420, expected);
    await check(rig, expected);
    expect(rig.blobItems).toBe(0);
    // The ring's payloads, the sections in use, the manifests: not those of all 420 commits.
    expect(bucket.keys().length).toBeGreaterThan(100);
    expect(bucket.keys().length).toBeLessThan(300);
    const { sweptTo = 0 } = (await rig.manifest()) ?? {};
    expect(sweptTo).toBeGreaterThan(200);
    const manifest = await rig.manifest();
    const needed = [...(manifest?.blobs ?? []), ...(manifest?.dropped ?? [])].map(({ n }) => n);
    const numbers = bucket.keys().map((key) => Number(/(\d{15})!/.exec(key)?.[1]));
    expect(numbers.filter((n) => n < sweptTo && !needed.includes(n))).toEqual([]);
  });

  it('changes to a bucket and back, and reads and collects in both places', { timeout: 30_000 }, async () => {
    const rig = new LogRig();
    const expected = new Map<string, string>();
    let store = rig.store();
    await open(store);
    await commitAll(rig, store, 100, expected);
    const inTable = rig.blobItems;
    expect(inTable).toBeGreaterThan(0);

    const bucket = new MemoryBlobBucket();
    rig.blobs = bucket;
    await check(rig, expected);
    store = await reopened(rig);
    await commitAll(rig, store, 100, expected);
    expect(bucket.keys().length).toBeGreaterThan(0);
    await check(rig, expected);
    await commitAll(rig, store, 200, expected);
    expect(rig.blobItems).toBeLessThan(inTable / 4);

    rig.blobs = new ReadOnly(bucket);
    store = await reopened(rig);
    await check(rig, expected);
    const before = bucket.keys();
    await commitAll(rig, store, 300, expected);
    await check(rig, expected);
    expect(bucket.keys().filter((key) => !before.includes(key))).toEqual([]);
    expect(bucket.keys().length).toBeLessThan(before.length / 4);
    expect(rig.blobItems).toBeGreaterThan(0);
  });

  it('does not go on without its bucket, and goes on with it', async () => {
    const rig = new LogRig();
    const expected = new Map<string, string>();
    const bucket = new MemoryBlobBucket();
    rig.blobs = bucket;
    const store = rig.store();
    await open(store);
    await commitAll(rig, store, 70, expected);
    rig.blobs = undefined;
    await expect(reopened(rig).then((blind) => commitAll(rig, blind, 1, new Map()))).rejects.toMatchObject({
      code: 'DEPLOYMENT_INVALID',
      kind: 'configuration',
    });
    rig.blobs = bucket;
    await check(rig, expected);
  });

  it('writes references that earlier releases wrote, unless they lead to the bucket', () => {
    const ref = { n: 1, attemptId: 'a', sizeBytes: 3, sha: 'ff' };
    expect(encodeBlobRef(ref)).toBe('[1,"a",3,"ff"]');
    expect(decodeBlobRef('[1,"a",3,"ff"]')).toEqual(ref);
    expect(decodeBlobRef(encodeBlobRef({ ...ref, in: 'bucket' }))).toEqual({ ...ref, in: 'bucket' });
  });
});

class ReadOnly extends MemoryBlobBucket {
  constructor(bucket: MemoryBlobBucket) {
    super({ takesNew: false });
    this.put = () => Promise.reject(new Error('nothing new goes here'));
    this.get = (key, range) => bucket.get(key, range);
    this.deleteMany = (keys) => bucket.deleteMany(keys);
    this.list = (prefix, after) => bucket.list(prefix, after);
  }
}
