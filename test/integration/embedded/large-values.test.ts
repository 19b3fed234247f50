import { afterAll, beforeAll, expect, test } from 'vitest';
import { DynamoItemStore } from '../../../lib/aws/dynamo-item-store.ts';
import { createStateTable } from '../../../lib/local/engines/resources.ts';
import { type Engines, startEngines } from '../../../lib/local/engines/start-engines.ts';
import { MemoryBlobBucket } from '../../../lib/memory/memory-blob-bucket.ts';
import { entriesOf, LogRig, open, set } from '../../support/log-rig.ts';
import { noise } from '../../support/noise.ts';

/** Three times what an item holds, also when it is compressed. */
const VALUE_CHARACTERS = 1_600_000;

let engines: Engines;

beforeAll(async () => {
  engines = await startEngines();
});
afterAll(() => engines?.stop());

const large = (): string => noise(VALUE_CHARACTERS / 2) + noise(VALUE_CHARACTERS / 2);

test.each(['in the table', 'in a bucket'])(
  'a value larger than an item is committed, read from the log, and then from a snapshot: %s',
  async (place) => {
    const tableName = place.replaceAll(' ', '-');
    await createStateTable(engines.clients.dynamo, tableName);
    const items = new DynamoItemStore({ client: engines.clients.dynamo, tableName });
    const rig = new LogRig();
    const bucket = new MemoryBlobBucket();
    if (place === 'in a bucket') rig.blobs = bucket;
    const [first, second] = [large(), large()];
    const store = rig.store(items, { snapshotCommits: 2 });
    await open(store);
    expect(await rig.append(store, [set(3, 'large', first), set(4, 'small', 1)])).toBe(true);
    const reload = async () => {
      const other = rig.store(items, { snapshotCommits: 2 });
      await other.load();
      return entriesOf(other);
    };
    expect(await reload()).toEqual([`3 0 large ${JSON.stringify(first)}`, '4 0 small 1']);
    expect(await rig.append(store, [set(3, 'large', second)])).toBe(true);
    expect(await store.snapshotIfDue(() => undefined)).toBe(true);
    expect(await reload()).toEqual([`3 0 large ${JSON.stringify(second)}`, '4 0 small 1']);
    expect(bucket.keys().length > 0).toBe(place === 'in a bucket');
  },
);
