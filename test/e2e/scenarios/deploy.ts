import type { Deployment } from '../../../lib/lambda/deployment.ts';
import { RevenueRun } from '../revenue-run.ts';
import type { Scenario } from '../scenario.ts';
import { VisitsRun } from '../visits-run.ts';

/** What the construct gives out as `<construct>Deployment`. */
const deploymentIn = (outputs: Readonly<Record<string, string>>): Deployment => {
  const [, document] = Object.entries(outputs).find(([name]) => name.endsWith('Deployment')) ?? [];
  if (document === undefined) throw new Error(`no deployment among the outputs ${Object.keys(outputs).join(', ')}`);
  return JSON.parse(document) as Deployment;
};

export const deploy: Scenario = {
  name: 'deploy',
  shows: 'cdk bootstrap and cdk deploy make stacks of the plans, with plain AWS settings',
  run: async (stage) => {
    const { cloud, cdk, seed } = stage;
    await cdk.bootstrap();
    const visits = await cdk.deploy('MillraceVisits', [], 'test/e2e/visits/app.ts');
    stage.visits = new VisitsRun(cloud, deploymentIn(visits));
    // Early: its tick comes by the minute, while the others run.
    await stage.visits.sendAndFallSilent();
    const revenue = await cdk.deploy('MillraceRevenue', ['-c', 'development=true']);
    stage.revenue = new RevenueRun(cloud, deploymentIn(revenue), seed);
    const [functions, mappings] = [await cloud.functions(), await cloud.mappings()];
    return `2 stacks, ${functions.length} functions, ${mappings.length} mappings`;
  },
};
