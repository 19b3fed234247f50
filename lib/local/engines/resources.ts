import {
  type AttributeDefinition,
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  type KeySchemaElement,
} from '@aws-sdk/client-dynamodb';
import { CreateStreamCommand, DescribeStreamSummaryCommand, type KinesisClient } from '@aws-sdk/client-kinesis';
import { type Clock, systemClock } from '../../core/clock.ts';
import { MillraceError } from '../../errors/millrace-error.ts';
import type { TableKeyField } from '../../graph/table-key.ts';

const pollMs = 20;
const polls = 1_500;

const untilActive = async (what: string, status: () => Promise<string | undefined>, clock: Clock): Promise<void> => {
  for (let i = 0; i < polls; i++) {
    if ((await status()) === 'ACTIVE') return;
    await clock.sleep(pollMs);
  }
  throw new MillraceError('configuration', 'ENGINE_FAILED', `${what} was not ACTIVE after ${polls * pollMs} ms`, {
    fix: 'Look at the engine or the emulator: it accepted the request but does not finish it.',
  });
};

/** Creates a provisioned stream and waits until it is ACTIVE. For engines and emulators; on AWS, CDK does it. */
export const createStream = async (client: KinesisClient, name: string, shards = 1, clock = systemClock) => {
  await client.send(new CreateStreamCommand({ StreamName: name, ShardCount: shards }));
  await untilStreamActive(client, name, clock);
};

/** Waits until a stream that is being made or resharded is ACTIVE. @throws MillraceError `ENGINE_FAILED` (configuration) */
export const untilStreamActive = (client: KinesisClient, name: string, clock: Clock = systemClock): Promise<void> => {
  const describe = new DescribeStreamSummaryCommand({ StreamName: name });
  const status = async () => (await client.send(describe)).StreamDescriptionSummary?.StreamStatus;
  return untilActive(`stream ${name}`, status, clock);
};

const createTable = async (
  client: DynamoDBClient,
  TableName: string,
  AttributeDefinitions: AttributeDefinition[],
  clock: Clock,
): Promise<void> => {
  const KeySchema = AttributeDefinitions.map(
    ({ AttributeName }, i): KeySchemaElement => ({ AttributeName, KeyType: i === 0 ? 'HASH' : 'RANGE' }),
  );
  await client.send(
    new CreateTableCommand({ TableName, AttributeDefinitions, KeySchema, BillingMode: 'PAY_PER_REQUEST' }),
  );
  const describe = new DescribeTableCommand({ TableName });
  await untilActive(`table ${TableName}`, async () => (await client.send(describe)).Table?.TableStatus, clock);
};

/** Creates the table that an `ItemStore` needs: string keys `pk` and `sk`, on demand. */
export const createStateTable = (client: DynamoDBClient, name: string, clock: Clock = systemClock): Promise<void> =>
  createRowTable(
    client,
    name,
    [
      { name: 'pk', type: 'string' },
      { name: 'sk', type: 'string' },
    ],
    clock,
  );

/** Creates a table for a `dynamoSink`, on demand. */
export const createRowTable = (
  client: DynamoDBClient,
  name: string,
  keys: readonly TableKeyField[],
  clock: Clock = systemClock,
): Promise<void> =>
  createTable(
    client,
    name,
    keys.map((key) => ({ AttributeName: key.name, AttributeType: key.type === 'number' ? 'N' : 'S' })),
    clock,
  );
