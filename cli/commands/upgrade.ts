import type { Command } from 'commander';
import { createClients } from '../../lib/aws/clients.ts';
import { DynamoItemStore } from '../../lib/aws/dynamo-item-store.ts';
import { renderComparison } from '../../lib/graph/render-comparison.ts';
import { parseDeployment } from '../../lib/lambda/deployment.ts';
import { deployPlan, type PlanDeployment } from '../../lib/runtime/deploy-plan.ts';
import { type CommonOptions, collect, withCommonOptions } from '../command-options.ts';
import { type DocumentOption, readDocument, withDocument } from '../deployment-document.ts';
import { clientOptions, type EndpointOptions } from '../endpoint.ts';
import { loadPipeline } from '../load-pipeline.ts';
import { loadPlan } from '../load-plan.ts';
import { printJson, printLine, type Terminal } from '../terminal.ts';

interface UpgradeOptions extends CommonOptions, EndpointOptions, DocumentOption {
  readonly drop?: readonly string[];
  readonly from?: string;
  readonly dryRun?: boolean;
}

/** `millrace upgrade`: makes a changed plan the one that runs. */
export const addUpgradeCommand = (program: Command, terminal: Terminal): void => {
  const command = withDocument(
    program
      .command('upgrade')
      .summary('let a changed pipeline go on with its state')
      .description(
        'Makes the plan of a changed pipeline the one that runs, if it can go on with the state. Run it with each ' +
          'deployment, also one that goes back: until then new containers wait, and from then on the old ones end.',
      )
      .argument('<file>', 'a file whose default export is a pipeline'),
  )
    .option('--drop <id>', 'what may be given up of the state (once for each)', collect)
    .option('--from <plan.json>', 'the plan that runs, where an early release did not keep it')
    .option('--dry-run', 'compare only')
    .option('--endpoint <url>', 'DynamoDB endpoint on this machine (default: AWS_ENDPOINT_URL)')
    .option('--allow-aws', 'reach AWS, or an endpoint on another machine')
    .action(async (file: string, options: UpgradeOptions) => {
      const deployment = await upgrade(file, options, terminal);
      if (options.json === true) printJson(terminal, asJson(deployment));
      else printLine(terminal, asText(deployment));
    });
  withCommonOptions(command, 'print what came of it as JSON', [
    'millrace upgrade functions/revenue/pipeline.ts --deployment local.json --endpoint http://127.0.0.1:4566',
    'millrace upgrade pipeline.ts --deployment prod.json --allow-aws --dry-run',
    'millrace upgrade pipeline.ts --deployment prod.json --allow-aws --drop hour --drop totals.orders',
  ]);
};

const upgrade = async (file: string, options: UpgradeOptions, terminal: Terminal): Promise<PlanDeployment> => {
  const { plan } = await loadPipeline(file);
  const previous = options.from === undefined ? undefined : await loadPlan(options.from);
  const { text, name } = await readDocument(options, terminal);
  const { stateTable, incarnation = 1 } = parseDeployment(text, name);
  const clients = createClients(clientOptions(options, terminal.env));
  try {
    const items = new DynamoItemStore({ client: clients.dynamo, tableName: stateTable });
    return await deployPlan(items, plan, {
      incarnation,
      ...(options.drop === undefined ? {} : { drop: options.drop }),
      ...(previous === undefined ? {} : { previous }),
      dryRun: options.dryRun === true,
    });
  } finally {
    clients.destroy();
  }
};

const said: Readonly<Record<PlanDeployment['outcome'], (epoch: number) => string>> = {
  new: () => 'the job has not begun: its first container begins it with this plan',
  current: (epoch) => `this plan runs already, as epoch ${epoch}`,
  upgraded: (epoch) => `this plan runs from now on, as epoch ${epoch}`,
  compatible: (epoch) => `epoch ${epoch} still runs: nothing was changed`,
};

const asText = ({ outcome, epoch, comparison }: PlanDeployment): string =>
  [...(comparison === undefined ? [] : [renderComparison(comparison), '']), said[outcome](epoch)].join('\n');

const asJson = ({ outcome, epoch, comparison }: PlanDeployment) => ({
  outcome,
  epoch,
  changes: comparison?.changes ?? [],
});
