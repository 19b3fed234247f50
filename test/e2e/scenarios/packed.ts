import { rm } from 'node:fs/promises';
import { installProject } from '../../../packaging/install-project.ts';
import { requireLeft } from '../left-of.ts';
import type { Scenario } from '../scenario.ts';
import { TurnoverRun } from '../turnover-run.ts';

const stack = 'Turnover';

export const packed: Scenario = {
  name: 'packed',
  shows: 'the packed package, installed in an empty project, makes a project that deploys and counts',
  run: async ({ cloud, seed, signal }) => {
    const project = await installProject({
      environment: { ...cloud.environment, CDK_DISABLE_CLI_TELEMETRY: 'true' },
      signal,
    });
    try {
      await project.demand('npm', 'run', 'deploy', '--', '--require-approval=never', '--outputs-file', 'outputs.json');
      const run = await TurnoverRun.of(project, cloud, seed);
      await run.send();
      const { rows, orders } = await run.settle();
      const quarantined = await run.quarantined();
      await project.demand('npx', '--no', 'cdk', 'destroy', '--force');
      await requireLeft(cloud, stack, { streams: 2, tables: 2, queues: 1 });
      return `${project.packed.files.length} files; ${orders} orders in ${rows} rows, ${quarantined} in quarantine by its own command line; destroyed`;
    } finally {
      await rm(project.root, { recursive: true, force: true });
    }
  },
};
