import { requireLeft } from '../left-of.ts';
import type { Scenario } from '../scenario.ts';

export const destroy: Scenario = {
  name: 'destroy',
  shows: 'cdk destroy leaves the data of a production stack, and nothing of a development stack',
  run: async ({ cloud, cdk }) => {
    await cdk.destroy('MillraceRevenue', ['-c', 'development=true']);
    await cdk.destroy('MillraceVisits', [], 'test/e2e/visits/app.ts');
    await requireLeft(cloud, 'MillraceRevenue');
    await requireLeft(cloud, 'MillraceVisits', { streams: 2, tables: 2, queues: 1 });
    return 'nothing of revenue; of visits 2 streams, 2 tables and the queue of failures';
  },
};
