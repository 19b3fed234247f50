import { revenueOf, type Scenario } from '../scenario.ts';

const versionOf = (arn: string): number => Number(arn.split(':').at(-1));

export const nextRelease: Scenario = {
  name: 'release',
  shows: 'the next release is deployed under traffic without loss or duplicate',
  run: async (stage) => {
    const { cloud, cdk } = stage;
    const run = revenueOf(stage);
    const versions = async () => {
      const mappings = (await cloud.mappings()).filter(({ FunctionArn }) => FunctionArn.includes('MillraceRevenue'));
      return mappings.map(({ FunctionArn }) => versionOf(FunctionArn)).sort();
    };
    const before = await versions();
    await run.traffic.during(() => cdk.deploy('MillraceRevenue', [], 'test/e2e/next-release.ts'));
    const after = await versions();
    if (before.join() !== '1,1' || after.join() !== '2,2') {
      throw new Error(`the mappings were on versions ${before.join(', ')} and are on ${after.join(', ')}`);
    }
    const { orders } = await run.settle();
    return `mappings went from versions ${before.join(', ')} to ${after.join(', ')}; ${orders} orders`;
  },
};
