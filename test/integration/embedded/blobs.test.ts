import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { deployLocally } from 'millrace/local';
import { expect, onTestFinished, test } from 'vitest';
import revenue from '../../../functions/revenue/pipeline.ts';
import { startEngines } from '../../../lib/local/engines/start-engines.ts';
import { noise } from '../../support/noise.ts';

test('a local deployment keeps what is large in its bucket, over the SDK, and nothing of it in the table', async () => {
  const engines = await startEngines();
  onTestFinished(() => engines.stop());
  const deployed = await deployLocally(revenue, {
    entry: new URL('../../../functions/revenue/handler.ts', import.meta.url),
    engines,
    shards: 1,
    containers: 2,
    tickIntervalMs: 0,
    blobs: true,
  });
  onTestFinished(() => deployed.stop());
  const startMs = Date.UTC(2026, 0, 1);
  const orders = Array.from({ length: 40 }, (_, i) => ({
    id: `o${i}`,
    province: 'ZJ',
    amountCents: 1,
    at: startMs + i,
  }));
  // Rejected, and larger than an item of the quarantine holds.
  const large = Buffer.from(noise(600_000), 'base64');
  await deployed.put('orders', [...orders, large]);
  await deployed.end();
  const rejected: string[] = [];
  for await (const { payload } of deployed.quarantine()) rejected.push(payload);
  expect(rejected).toEqual([large.toString('base64')]);
  const { Items: items = [] } = await deployed.clients.dynamo.send(
    new ScanCommand({ TableName: deployed.names.stateTable }),
  );
  expect(items.filter(({ pk }) => /#B\d$/.test(pk?.S ?? ''))).toEqual([]);
  expect(items.filter(({ r }) => r?.S?.endsWith('"bucket"]')).length).toBeGreaterThan(0);
});
