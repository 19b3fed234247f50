import type { Cloud } from '../cloud.ts';
import type { Scenario } from '../scenario.ts';

/** What is there of a stack, by kind. */
const leftOf = async (cloud: Cloud, stack: string): Promise<Readonly<Record<string, number>>> => {
  const count = (names: readonly string[]) => names.filter((name) => name.includes(stack)).length;
  return {
    functions: count((await cloud.functions()).map(({ name }) => name)),
    mappings: count((await cloud.mappings()).map(({ FunctionArn }) => FunctionArn)),
    rules: count(await cloud.rules()),
    streams: count(await cloud.streams()),
    tables: count(await cloud.tables()),
    queues: count(await cloud.queues()),
  };
};

const requireEqual = (what: string, have: object, want: object): void => {
  if (JSON.stringify(have) === JSON.stringify(want)) return;
  throw new Error(`${what} left ${JSON.stringify(have)}, and should leave ${JSON.stringify(want)}`);
};

export const destroy: Scenario = {
  name: 'destroy',
  shows: 'cdk destroy leaves the data of a production stack, and nothing of a development stack',
  run: async ({ cloud, cdk }) => {
    await cdk.destroy('MillraceRevenue', ['-c', 'development=true']);
    await cdk.destroy('MillraceVisits', [], 'test/e2e/visits/app.ts');
    const nothing = { functions: 0, mappings: 0, rules: 0, streams: 0, tables: 0, queues: 0 };
    requireEqual('development', await leftOf(cloud, 'MillraceRevenue'), nothing);
    const data = { ...nothing, streams: 2, tables: 2, queues: 1 };
    requireEqual('production', await leftOf(cloud, 'MillraceVisits'), data);
    return 'nothing of revenue; of visits 2 streams, 2 tables and the queue of failures';
  },
};
