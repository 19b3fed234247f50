import type { Pipeline } from 'millrace';
import { deployLocally, type Engines, startEngines } from 'millrace/local';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { KinesisStreams } from '../../../lib/aws/kinesis-streams.ts';
import a from '../../data/upgrade/orders-a.ts';
import b from '../../data/upgrade/orders-b.ts';
import c from '../../data/upgrade/orders-c.ts';

let engines: Engines;

beforeAll(async () => {
  engines = await startEngines();
});

afterAll(() => engines?.stop());

const handlerOfA = new URL('./orders-a-handler.ts', import.meta.url);
const handlerOfB = new URL('./orders-b-handler.ts', import.meta.url);

const deploy = async (pipeline: Pipeline, entry: URL) => {
  const deployed = await deployLocally(pipeline, { entry, engines, shards: 1, tickIntervalMs: 0 });
  onTestFinished(() => deployed.stop());
  return deployed;
};

const order = (at: number) => ({ province: 'ZJ', at });

test('a pipeline that is deployed again, with a window renamed, fires the panes of the version before', async () => {
  const first = await deploy(a, handlerOfA);
  await first.put('orders', [order(1_000), order(2_000)]);
  await first.waitUntilIdle();
  await first.stop();
  await expect(deploy(c, handlerOfA)).rejects.toMatchObject({ code: 'UPGRADE_REFUSED' });
  const second = await deploy(b, handlerOfB);
  await second.put('orders', [order(3_000)]);
  await second.end();
  const streams = new KinesisStreams({ client: engines.clients.kinesis });
  const [shard] = await streams.listShards('counts');
  const reader = await streams.openReader('counts', shard?.shardId as string, { at: 'trim-horizon' });
  // A row may come again, under its id.
  const rows = new Map<string, unknown>();
  for (let page = await reader.next(100); ; page = await reader.next(100)) {
    for (const { data } of page.records) {
      const row = JSON.parse(Buffer.from(data).toString()) as { readonly _id: string };
      rows.set(row._id, row);
    }
    if (page.records.length === 0 && page.behindLatestMs === 0) break;
  }
  expect([...rows.values()]).toMatchObject([{ province: 'ZJ', orders: 3 }]);
});
