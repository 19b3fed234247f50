import {
  deployLocally,
  type Engines,
  type LocalDeployment,
  type LocalDeploymentOptions,
  startEngines,
} from 'millrace/local';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import revenue from '../../../functions/revenue/pipeline.ts';
import { checkResults } from '../../../localstack/demo/check.ts';
import { armKill, plannedKills } from '../../../localstack/demo/kills.ts';
import { OrderTraffic } from '../../../localstack/demo/orders.ts';
import { readLate, readTable } from '../../../localstack/demo/results.ts';

const entry = new URL('../../../functions/revenue/handler.ts', import.meta.url);
/** A busy machine makes this slow, not wrong. */
const patienceMs = 200_000;
const startMs = Date.UTC(2024, 4, 1, 12);
const source = 'orders';
const repartition = revenue.plan.stages[1]?.input.stream as string;
let engines: Engines;
let deployments = 0;

beforeAll(async () => {
  engines = await startEngines();
});

afterAll(() => engines.stop());

const deploy = async (options: Partial<LocalDeploymentOptions> = {}) => {
  const prefix = `r${++deployments}-`;
  const deployed = await deployLocally(revenue, { entry, engines, prefix, tickIntervalMs: 2_000, ...options });
  onTestFinished(() => deployed.stop());
  return deployed;
};

const openShards = async (deployed: LocalDeployment, stream: string) =>
  (await deployed.listShards(stream))
    .filter(({ open }) => open)
    .sort((a, b) => (a.hashStart < b.hashStart ? -1 : 1))
    .map(({ shardId }) => shardId);

const splitFirst = async (deployed: LocalDeployment, stream: string) =>
  deployed.splitShard(stream, (await openShards(deployed, stream))[0] as string);

const mergeLast = async (deployed: LocalDeployment, stream: string) => {
  const [low, high] = (await openShards(deployed, stream)).slice(-2) as [string, string];
  await deployed.mergeShards(stream, low, high);
};

/** What was sent, added up by another program, against what came out. */
const compare = async (deployed: LocalDeployment, traffic: OrderTraffic) => {
  const quarantined = [];
  for await (const { payload } of deployed.quarantine()) quarantined.push(payload);
  return checkResults({
    sent: traffic.orders,
    poison: traffic.poison,
    rows: await readTable(deployed),
    late: await readLate(deployed),
    quarantined,
  });
};

describe('the revenue pipeline whose streams are resharded under traffic', () => {
  test(
    'counts every order once, although nobody tells it and containers are killed',
    async () => {
      const seed = Math.floor(Math.random() * 2 ** 32);
      console.log(`seed ${seed}`);
      const deployed = await deploy({ containers: 2, batchSize: 20, environment: { POWERTOOLS_LOG_LEVEL: 'DEBUG' } });
      const traffic = new OrderTraffic(seed, startMs);
      const changes = new Map<number, () => Promise<void>>([
        [4, () => splitFirst(deployed, source)],
        [7, () => splitFirst(deployed, repartition)],
        [12, () => mergeLast(deployed, source)],
        [15, () => mergeLast(deployed, repartition)],
        [20, () => deployed.updateShardCount(repartition, 4)],
        [23, () => deployed.updateShardCount(source, 4)],
        [27, () => deployed.updateShardCount(repartition, 2)],
      ]);
      const kills: Promise<string>[] = [];
      for (let step = 0; step < 40; step++) {
        if (step === 5 || step === 21) kills.push(...plannedKills.map((kill) => armKill(deployed, kill)));
        // In the middle of traffic: records are on their way when the shards change.
        await Promise.all([deployed.put(source, traffic.next(10)), changes.get(step)?.()]);
        // The orders that come too late come when the pipeline knows it.
        if (step === 34) await deployed.waitUntilIdle(patienceMs);
      }
      await deployed.end(patienceMs);
      await Promise.all(kills);
      expect(await compare(deployed, traffic)).toMatchObject({
        problems: [],
        lost: 0,
        duplicates: 0,
        rejected: traffic.poison.length,
      });
      for (const stage of Object.values(deployed.stats())) {
        expect(stage.mapping.shards.filter(({ state }) => state === 'ended').length).toBeGreaterThanOrEqual(5);
        expect(stage.containers.kills).toBe(2);
        expect(stage.mapping.discarded).toBe(0);
      }
    },
    2 * patienceMs,
  );

  test(
    'goes on with children that began while it was stopped',
    async () => {
      const seed = Math.floor(Math.random() * 2 ** 32);
      console.log(`seed ${seed}`);
      const traffic = new OrderTraffic(seed, startMs);
      const first = await deploy({ containers: 1 });
      for (let step = 0; step < 8; step++) await first.put(source, traffic.next(10));
      await first.stop();
      // What was not read yet stays in the parents; what comes now goes to the children.
      await splitFirst(first, source);
      await splitFirst(first, repartition);
      for (let step = 0; step < 4; step++) await first.put(source, traffic.next(10));
      await mergeLast(first, source);
      const prefix = first.names.stateTable.replace('revenue-state', '');
      const second = await deploy({ containers: 1, prefix, createResources: false });
      for (let step = 0; step < 8; step++) await second.put(source, traffic.next(10));
      await second.end(patienceMs);
      expect(await compare(second, traffic)).toMatchObject({ problems: [], lost: 0, duplicates: 0 });
    },
    2 * patienceMs,
  );
});

describe('the streams of a local deployment', () => {
  test('are resharded as Kinesis does it, and refuse what Kinesis refuses', async () => {
    const deployed = await deploy({ tickIntervalMs: 0, containers: 1 });
    const [low, high] = (await openShards(deployed, source)) as [string, string];
    await deployed.splitShard(source, low, 17n);
    const shards = await deployed.listShards(source);
    expect(
      shards.map(({ shardId, parentShardIds, hashStart, open }) => [shardId, parentShardIds, hashStart, open]),
    ).toEqual([
      [low, [], 0n, false],
      [high, [], expect.any(BigInt), true],
      ['shardId-000000000002', [low], 0n, true],
      ['shardId-000000000003', [low], 17n, true],
    ]);
    const refused = (code: string, fix: RegExp) => ({ code, fix: expect.stringMatching(fix) });
    await expect(deployed.splitShard(source, low)).rejects.toMatchObject(
      refused('INVALID_ARGUMENT', /shardId-000000000002/),
    );
    await expect(deployed.splitShard(source, high, 1n)).rejects.toMatchObject(
      refused('INVALID_ARGUMENT', /hash key from/),
    );
    await expect(deployed.mergeShards(source, 'shardId-000000000002', high)).rejects.toMatchObject(
      refused('INVALID_ARGUMENT', /meet/),
    );
    await expect(deployed.updateShardCount(source, 7)).rejects.toMatchObject(refused('INVALID_ARGUMENT', /^Use 2 … 6/));
    expect(() => deployed.splitShard('order', low)).toThrow(
      expect.objectContaining(refused('STREAM_NOT_FOUND', /orders, revenue-by-province/)),
    );
    await deployed.updateShardCount(source, 6);
    expect(await openShards(deployed, source)).toHaveLength(6);
  });
});
