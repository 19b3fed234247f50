import { revenueOf, type Scenario } from '../scenario.ts';

const poison = 5;

export const poisonRecords: Scenario = {
  name: 'poison',
  shows: 'records that nobody can read are quarantined with their bytes, and their shard goes on',
  run: async (stage) => {
    const run = revenueOf(stage);
    await run.traffic.sendPoison(poison);
    const { rejected, rejectedExpected, orders } = await run.settle();
    return `${rejected} of ${rejectedExpected} in quarantine, ${orders} orders counted around them`;
  },
};
