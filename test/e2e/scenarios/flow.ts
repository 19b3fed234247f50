import { revenueOf, type Scenario } from '../scenario.ts';

const steps = 60;

export const flow: Scenario = {
  name: 'flow',
  shows: 'events put by the SDK become a table that equals an independent sum',
  run: async (stage) => {
    const run = revenueOf(stage);
    await run.traffic.send(steps);
    const { orders, rows, late, amountCents } = await run.settle();
    return `${orders} orders of ${(amountCents / 100).toFixed(2)} in ${rows} rows, ${late} late`;
  },
};
