import { setTimeout as sleep } from 'node:timers/promises';
import { revenueOf, type Scenario } from '../scenario.ts';

const settleMs = 4_000;

export const reshard: Scenario = {
  name: 'reshard',
  shows: 'shards are split and merged under traffic, of the source and between the stages',
  run: async (stage) => {
    const run = revenueOf(stage);
    const done: string[] = [];
    await run.traffic.during(async () => {
      for (const stream of ['orders', 'revenue-by-province']) {
        const resharder = run.resharder(stream);
        const [first] = await run.openShards(stream);
        await resharder.split(first as string);
        await sleep(settleMs);
        const [low, high] = await run.openShards(stream);
        await resharder.merge(low as string, high as string);
        await sleep(settleMs);
        done.push(`${stream} split and merged`);
      }
    });
    const { orders } = await run.settle();
    return `${done.join(', ')}; ${orders} orders`;
  },
};
