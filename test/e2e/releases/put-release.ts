import { mappedVersions } from '../mapped-versions.ts';
import { revenueOf, type Stage } from '../scenario.ts';

const stack = 'MillraceRevenue';

export interface PutRelease {
  /** Of the job, from now on. */
  readonly epoch: number;
  /** What the upgrade says has changed, a line each. */
  readonly changes: readonly string[];
  /** That the mappings invoke. */
  readonly version: number;
}

interface Upgraded {
  readonly outcome: string;
  readonly epoch: number;
  readonly changes: readonly { readonly effect: string; readonly what: string; readonly change: string }[];
}

/** The file of a release's pipeline. */
export const pipelineOf = (release: string): string => `test/e2e/releases/${release}/pipeline.ts`;

/** What the commands take as `--deployment`. */
export const deploymentFile = (stage: Stage): Promise<string> =>
  stage.cli.document('deployment.json', JSON.stringify(revenueOf(stage).deployment));

/** Makes the release's plan the one that runs, and deploys its code. @param options of cdk */
export const putRelease = async (
  stage: Stage,
  release: string,
  options: readonly string[] = [],
): Promise<PutRelease> => {
  const { cloud, cdk, cli } = stage;
  const before = await mappedVersions(cloud, stack);
  const said = await cli.demand('upgrade', pipelineOf(release), '--deployment', await deploymentFile(stage), '--json');
  const { outcome, epoch, changes } = JSON.parse(said) as Upgraded;
  if (outcome !== 'upgraded') throw new Error(`the upgrade to ${release} ended as ${outcome}`);
  await cdk.deploy(stack, options, `test/e2e/releases/app.ts ${release}`);
  const after = await mappedVersions(cloud, stack);
  if (after.some((version, i) => version !== (before[i] as number) + 1))
    throw new Error(`the mappings were on versions ${before.join(', ')} and are on ${after.join(', ')}`);
  return {
    epoch,
    version: after[0] as number,
    changes: changes.map(({ effect, what, change }) => `${effect}: ${what}: ${change}`),
  };
};
