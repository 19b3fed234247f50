import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { errorName, toMillraceError } from '../../aws/aws-errors.ts';
import type { AwsClients } from '../../aws/clients.ts';
import { KinesisStreams } from '../../aws/kinesis-streams.ts';
import type { Plan, SinkPlan } from '../../graph/plan.ts';
import { tableKeyOf } from '../../graph/table-key.ts';
import type { Deployment } from '../../lambda/deployment.ts';
import { createRowTable, createStateTable, createStream } from '../engines/resources.ts';

/** Physical names: the logical ones with a prefix. @param queueUrl where a queue of this physical name is */
export const nameResources = (plan: Plan, prefix: string, queueUrl: (name: string) => string): Deployment => {
  const named = (logical: readonly string[]) => Object.fromEntries(logical.map((name) => [name, `${prefix}${name}`]));
  const targets = (kind: SinkPlan['kind']) =>
    plan.sinks.filter((sink) => sink.kind === kind).map(({ target }) => target);
  return {
    stateTable: `${prefix}${plan.pipeline}-state`,
    streams: named([...plan.stages.map(({ input }) => input.stream), ...targets('kinesis')]),
    tables: named(targets('dynamo')),
    queues: Object.fromEntries(targets('sqs').map((name) => [name, queueUrl(`${prefix}${name}`)])),
    buckets: named(targets('s3')),
  };
};

/**
 * Creates the streams and tables that are not there.
 *
 * @throws MillraceError `ACCESS_DENIED`, `TABLE_SHAPE` (configuration), `STREAM_UNAVAILABLE`, `OUTCOME_UNKNOWN` (retryable)
 */
export const createResources = async (
  { kinesis, dynamo }: AwsClients,
  plan: Plan,
  names: Deployment,
  shardsOf: (logical: string) => number,
): Promise<void> => {
  await Promise.all([
    ...Object.entries(names.streams).map(([logical, name]) =>
      unlessThere('stream', name, () => createStream(kinesis, name, shardsOf(logical))),
    ),
    ...Object.entries(names.tables).map(([logical, name]) =>
      unlessThere('table', name, () => createRowTable(dynamo, name, tableKeyOf(plan, logical))),
    ),
    unlessThere('table', names.stateTable, () => createStateTable(dynamo, names.stateTable)),
  ]);
};

/** @throws MillraceError `STREAM_NOT_FOUND`, `TABLE_NOT_FOUND`, `ACCESS_DENIED` (configuration) */
export const requireResources = async ({ kinesis, dynamo }: AwsClients, names: Deployment): Promise<void> => {
  const streams = new KinesisStreams({ client: kinesis });
  await Promise.all(Object.values(names.streams).map((name) => streams.describe(name)));
  await Promise.all(
    [names.stateTable, ...Object.values(names.tables)].map((name) =>
      mapped('table', name, 'read', () => dynamo.send(new DescribeTableCommand({ TableName: name }))),
    ),
  );
};

const unlessThere = async (resource: 'stream' | 'table', name: string, create: () => Promise<void>): Promise<void> =>
  mapped(resource, name, 'write', async () => {
    try {
      await create();
    } catch (error) {
      if (errorName(error) !== 'ResourceInUseException') throw error;
    }
  });

const mapped = async <T>(
  resource: 'stream' | 'table',
  name: string,
  effect: 'read' | 'write',
  call: () => Promise<T>,
): Promise<T> => {
  try {
    return await call();
  } catch (error) {
    throw toMillraceError(error, { resource, name, effect });
  }
};
