import { mappedVersions } from '../mapped-versions.ts';
import { revenueOf, type Scenario } from '../scenario.ts';

export const nextRelease: Scenario = {
  name: 'release',
  shows: 'the next release is deployed under traffic without loss or duplicate',
  run: async (stage) => {
    const { cloud, cdk } = stage;
    const run = revenueOf(stage);
    const before = await mappedVersions(cloud, 'MillraceRevenue');
    await run.traffic.during(() => cdk.deploy('MillraceRevenue', [], 'test/e2e/next-release.ts'));
    const after = await mappedVersions(cloud, 'MillraceRevenue');
    if (before.join() !== '1,1' || after.join() !== '2,2') {
      throw new Error(`the mappings were on versions ${before.join(', ')} and are on ${after.join(', ')}`);
    }
    const { orders } = await run.settle();
    return `mappings went from versions ${before.join(', ')} to ${after.join(', ')}; ${orders} orders`;
  },
};
