import type { Command } from 'commander';
import { createClients } from '../../lib/aws/clients.ts';
import { DynamoItemStore } from '../../lib/aws/dynamo-item-store.ts';
import type { StateStores } from '../../lib/commit/blob-store.ts';
import { type Job, ownerOf, readJob } from '../../lib/commit/job.ts';
import { MillraceError } from '../../lib/errors/millrace-error.ts';
import { type Deployment, parseDeployment } from '../../lib/lambda/deployment.ts';
import { listQuarantine } from '../../lib/runtime/quarantine.ts';
import type { ItemStore } from '../../lib/state/item-store.ts';
import { type CommonOptions, withCommonOptions } from '../command-options.ts';
import { openBlobs } from '../deployed-blobs.ts';
import { type DocumentOption, readDocument, withDocument } from '../deployment-document.ts';
import { clientOptions, type EndpointOptions } from '../endpoint.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadPipeline } from '../load-pipeline.ts';
import { describeQuarantined, renderQuarantined } from '../render-quarantined.ts';
import { isSelected, type Selection, withSelection } from '../select-quarantined.ts';
import { printLine, type Terminal } from '../terminal.ts';

interface ListOptions extends CommonOptions, EndpointOptions, DocumentOption, Selection {
  readonly pipeline?: string;
  readonly check?: boolean;
}

/** `millrace quarantine list`: the records that a job could not process. */
export const addQuarantineCommand = (
  program: Command,
  terminal: Terminal,
  finish: (exitCode: number) => void,
): void => {
  const quarantine = program
    .command('quarantine')
    .summary('look at records that could not be processed')
    .description('Records that could not be processed are kept in the state table, with the reason and as they came.');
  const command = withSelection(
    withDocument(
      quarantine
        .command('list')
        .summary('list the quarantined records of a job')
        .description('Lists the quarantined records of a job, by stage, shard and commit.'),
    )
      .option('--pipeline <name|file>', "refuse the state table if it is another pipeline's")
      .option('--endpoint <url>', 'DynamoDB endpoint on this machine (default: AWS_ENDPOINT_URL)')
      .option('--allow-aws', 'reach AWS, or an endpoint on another machine')
      .option('--check', 'exit with 1 if there is any'),
  ).action(async (options: ListOptions) => {
    const count = await list(options, terminal);
    if (options.check === true && count > 0) finish(exitCodes.failed);
  });
  withCommonOptions(command, 'print a JSON object for each record, one a line', [
    'millrace quarantine list --deployment local.json --endpoint http://127.0.0.1:4566',
    "millrace quarantine list --deployment prod.json --allow-aws --json | jq -r '.payload'",
    'millrace quarantine list --deployment prod.json --allow-aws --pipeline functions/revenue/pipeline.ts --check',
  ]);
};

const list = async (options: ListOptions, terminal: Terminal): Promise<number> => {
  const expected = await pipelineName(options.pipeline);
  const { text, name } = await readDocument(options, terminal);
  const deployment = parseDeployment(text, name);
  const clients = createClients(clientOptions(options, terminal.env));
  try {
    const items = new DynamoItemStore({ client: clients.dynamo, tableName: deployment.stateTable });
    const job = await findJob(items, deployment, expected);
    const blobs = deployment.blobs && (await openBlobs(deployment.blobs, options, terminal.env));
    return await printAll({ items, blobs }, job, options, terminal);
  } finally {
    clients.destroy();
  }
};

const printAll = async (stores: StateStores, job: Job, options: ListOptions, terminal: Terminal): Promise<number> => {
  let count = 0;
  for await (const record of listQuarantine(stores, job)) {
    terminal.signal.throwIfAborted();
    if (!isSelected(record, options)) continue;
    count++;
    printLine(
      terminal,
      options.json === true ? JSON.stringify(describeQuarantined(record)) : renderQuarantined(record),
    );
  }
  if (options.json !== true) {
    printLine(
      terminal,
      `${count === 0 ? 'no' : count} quarantined ${count === 1 ? 'record' : 'records'} of job '${job.name}'`,
    );
  }
  return count;
};

/** A name, or the file that defines it. */
const pipelineName = async (given: string | undefined): Promise<string | undefined> =>
  given !== undefined && /[./\\]/.test(given) ? (await loadPipeline(given)).name : given;

const findJob = async (
  items: ItemStore,
  { stateTable: table, incarnation = 1 }: Deployment,
  expected: string | undefined,
): Promise<Job> => {
  const owner = await ownerOf(items);
  if (owner === undefined) throw noJob(table);
  if (expected !== undefined && owner !== expected) {
    throw new MillraceError(
      'configuration',
      'TABLE_OF_ANOTHER_JOB',
      `Table '${table}' holds the state of job '${owner}', not of '${expected}'.`,
      { fix: 'Give the deployment of that pipeline.', fields: { table, owner, expected } },
    );
  }
  const job = await readJob(items, owner, incarnation);
  if (job === undefined) throw noJob(table);
  return job;
};

const noJob = (table: string): MillraceError =>
  new MillraceError('configuration', 'TABLE_SHAPE', `Table '${table}' holds no state of a Millrace job.`, {
    fix: 'Its deployment names another table than its functions do, or the table of a sink. A job that has never run has no state yet.',
    fields: { table },
  });
