import { largestRows } from '../largest-orders.ts';
import { deploymentFile, putRelease } from '../releases/put-release.ts';
import { revenueOf, type Scenario, type Stage } from '../scenario.ts';
import { upgrade } from './upgrade.ts';

export const back: Scenario = {
  name: 'back',
  shows: 'code that cannot read the new state is refused; code that can takes over again under traffic',
  after: upgrade,
  run: async (stage) => {
    const run = revenueOf(stage);
    const { refusal, epoch, version } = await run.traffic.during(async () => ({
      refusal: await refused(stage, 'functions/revenue/pipeline.ts'),
      ...(await putRelease(stage, 'prepared')),
    }));
    const { orders } = await run.settle();
    await requireDropped(stage);
    return `${refusal} for the first code; the one before is epoch ${epoch}, on versions ${version}; ${orders} orders`;
  },
};

/** @returns the code of the error, which names what the old code does not read and how it could */
const refused = async (stage: Stage, file: string): Promise<string> => {
  const { exitCode, stderr } = await stage.cli.run('upgrade', file, '--deployment', await deploymentFile(stage));
  const [error = '', fix = ''] = stderr.split('\n');
  const isClear =
    error.startsWith('error UPGRADE_REFUSED: ') &&
    error.includes("aggregate 'totals.amountCents': exact-sum@1 → sum@1") &&
    fix.startsWith("fix: Give it an upcast for 'exact-sum@1'");
  if (exitCode !== 1 || !isClear) throw new Error(`going back to ${file} ended with ${exitCode}: ${stderr}`);
  return 'UPGRADE_REFUSED';
};

/** What the release had added is gone from the rows that were written since. */
const requireDropped = async (stage: Stage): Promise<void> => {
  const rows = await largestRows(stage.cloud, revenueOf(stage));
  const last = Math.max(...rows.map(({ minute }) => minute));
  const still = rows.filter(({ minute, largestCents }) => minute === last && largestCents !== undefined);
  if (still.length > 0) throw new Error(`${still.length} rows of the last minute have what was dropped`);
};
