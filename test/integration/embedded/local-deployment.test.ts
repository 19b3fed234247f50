import { deployLocally, type Engines, type LocalDeploymentOptions, startEngines } from 'millrace/local';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import revenue from '../../../functions/revenue/pipeline.ts';
import { protocolSteps } from '../../../lib/runtime/ports.ts';
import { checkResults } from '../../../localstack/demo/check.ts';
import { armKill, plannedKills } from '../../../localstack/demo/kills.ts';
import { OrderTraffic } from '../../../localstack/demo/orders.ts';
import { readLate, readTable } from '../../../localstack/demo/results.ts';

const entry = new URL('../../../functions/revenue/handler.ts', import.meta.url);
const startMs = Date.UTC(2024, 4, 1, 12);
/** Those that every batch passes, and the two of a snapshot. Logs are there before, and payloads too small to be stored beside them. */
const steps = protocolSteps.filter((step) => step !== 'payload-stored' && step !== 'created');
let engines: Engines;
let deployments = 0;

beforeAll(async () => {
  engines = await startEngines();
});

afterAll(() => engines.stop());

/** On shared engines, with names of its own. */
const deploy = async (options: Partial<LocalDeploymentOptions> = {}) => {
  const prefix = `d${++deployments}-`;
  const deployed = await deployLocally(revenue, { entry, engines, prefix, tickIntervalMs: 0, ...options });
  onTestFinished(() => deployed.stop());
  return deployed;
};

const quarantined = async (deployed: Awaited<ReturnType<typeof deploy>>) => {
  const all = [];
  for await (const record of deployed.quarantine()) all.push(record);
  return all;
};

describe('the revenue pipeline on the engines', () => {
  test('counts every order once although containers are killed on both sides of a commit', async () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    console.log(`seed ${seed}`);
    const deployed = await deploy({ batchSize: 40, environment: { POWERTOOLS_LOG_LEVEL: 'DEBUG' } });
    const traffic = new OrderTraffic(seed, startMs);
    const kills: Promise<string>[] = [];
    for (let step = 0; step < 44; step++) {
      if (step === 10 || step === 25) kills.push(...plannedKills.map((kill) => armKill(deployed, kill)));
      // The orders that come too late come when the pipeline knows it.
      if (step === 35) await deployed.waitUntilIdle();
      await deployed.put('orders', traffic.next());
    }
    await deployed.end();
    await Promise.all(kills);
    const records = await quarantined(deployed);
    const result = checkResults({
      sent: traffic.orders,
      poison: traffic.poison,
      rows: await readTable(deployed),
      late: await readLate(deployed),
      quarantined: records.map(({ payload }) => payload),
    });
    expect(result).toMatchObject({ problems: [], lost: 0, duplicates: 0, rejected: traffic.poison.length });
    expect(result.late).toBeGreaterThan(0);
    const stats = deployed.stats();
    expect(stats.orders?.containers.kills).toBe(2);
    expect(stats['by-province']?.containers.kills).toBe(2);
    expect(stats.orders?.mapping.discarded).toBe(0);
  }, 120_000);

  test('counts every order once although a container is killed at each step of the protocol', async () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    console.log(`seed ${seed}`);
    const deployed = await deploy({ batchSize: 4, environment: { POWERTOOLS_LOG_LEVEL: 'DEBUG' } });
    const traffic = new OrderTraffic(seed, startMs);
    const killed: string[] = [];
    const killAtEachStep = async (stage: string) => {
      for (const step of steps) {
        await armKill(deployed, { stage, step, description: '' });
        killed.push(`${stage} ${step}`);
      }
    };
    const chains = Promise.all([killAtEachStep('orders'), killAtEachStep('by-province')]);
    for (let put = 0; put < 120 && killed.length < 2 * steps.length; put++) {
      await deployed.put('orders', traffic.next());
      if (put % 4 === 3) await deployed.waitUntilIdle();
    }
    await chains;
    await deployed.end();
    const records = await quarantined(deployed);
    expect(
      checkResults({
        sent: traffic.orders,
        poison: traffic.poison,
        rows: await readTable(deployed),
        late: await readLate(deployed),
        quarantined: records.map(({ payload }) => payload),
      }),
    ).toMatchObject({ problems: [], lost: 0, duplicates: 0, rejected: traffic.poison.length });
  }, 120_000);

  test('waits for the end of the input with the minutes that are open', async () => {
    const deployed = await deploy({ containers: 1, shards: 1 });
    await deployed.put('orders', [
      { id: '1', province: 'ZJ', amountCents: 500, at: startMs },
      { id: '2', province: 'ZJ', amountCents: 700, at: startMs + 30_000 },
      Uint8Array.of(0xff),
    ]);
    await deployed.waitUntilIdle();
    expect(await readTable(deployed)).toEqual([]);
    await deployed.end();
    expect(await readTable(deployed)).toEqual([{ province: 'ZJ', minute: startMs, amountCents: 1_200, orders: 2 }]);
    expect(await quarantined(deployed)).toEqual([expect.objectContaining({ code: 'NOT_JSON', payload: '/w==' })]);
  });
});

describe('deployLocally', () => {
  test('can be stopped and deployed again on what it left', async () => {
    const first = await deploy({ containers: 1, shards: 1 });
    await first.put('orders', [{ id: '1', province: 'ZJ', amountCents: 500, at: startMs }]);
    await first.waitUntilIdle();
    await first.stop();
    await first.stop();
    const prefix = first.names.stateTable.replace('revenue-state', '');
    const second = await deploy({ containers: 1, prefix, createResources: false });
    await second.put('orders', [{ id: '2', province: 'ZJ', amountCents: 700, at: startMs }]);
    await second.end();
    expect(await readTable(second)).toEqual([{ province: 'ZJ', minute: startMs, amountCents: 1_200, orders: 2 }]);
  });

  test.each<[string, Partial<LocalDeploymentOptions>, string]>([
    ['parallel batches of a shard', { mapping: { parallelizationFactor: 2 } }, 'PARALLELIZATION_FACTOR'],
    ['a mapping that gives records up', { mapping: { maximumRetryAttempts: 1 } }, 'MAPPING_UNSAFE'],
    ['answers that the mapping ignores', { mapping: { reportBatchItemFailures: false } }, 'MAPPING_UNSAFE'],
    ['streams that are not there', { createResources: false, prefix: 'nowhere-' }, 'STREAM_NOT_FOUND'],
    ['a module that is not there', { entry: new URL('./no-handler.ts', import.meta.url) }, 'DEPLOYMENT_INVALID'],
    ['an unknown option', { container: 1 } as Partial<LocalDeploymentOptions>, 'INVALID_OPTION'],
    ['no shards', { shards: 0 }, 'INVALID_OPTION'],
  ])('refuses %s at once', async (_what, options, code) => {
    await expect(deploy({ containers: 1, shards: 1, ...options })).rejects.toMatchObject({
      code,
      fix: expect.any(String),
    });
  });

  test('refuses the state table of another job', async () => {
    const first = await deploy({ containers: 1, shards: 1 });
    await first.stop();
    const prefix = first.names.stateTable.replace('revenue-state', '');
    const otherJob = new URL('./other-job-handler.ts', import.meta.url);
    await expect(deploy({ entry: otherJob, prefix, containers: 1 })).rejects.toMatchObject({
      code: 'TABLE_OF_ANOTHER_JOB',
    });
  });

  test('names the sources when it is asked for another one', async () => {
    const deployed = await deploy({ containers: 1, shards: 1 });
    await expect(deployed.put('order', [{}])).rejects.toMatchObject({
      code: 'UNKNOWN_SOURCE',
      fix: 'Use one of: orders.',
    });
    expect(() => deployed.kill('paid')).toThrow(expect.objectContaining({ code: 'UNKNOWN_OPERATOR' }));
  });
});
