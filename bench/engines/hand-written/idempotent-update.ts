import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { forEachInFlight } from '../../../lib/core/in-flight.ts';
import type { LambdaKinesisRecord } from '../../../lib/local/mapping/lambda-event.ts';
import { peerPackage } from '../peer-package.ts';
import { addition, bidOf, type Design } from './design.ts';
import { updatesInFlight } from './update-per-record.ts';

type Handle<T> = (record: LambdaKinesisRecord) => Promise<T>;

interface Config {
  registerLambdaContext(context: { getRemainingTimeInMillis(): number }): void;
}

interface Idempotency {
  readonly IdempotencyConfig: new (options: { readonly eventKeyJmesPath: string }) => Config;
  makeIdempotent<T>(
    handle: Handle<T>,
    options: { readonly persistenceStore: object; readonly config: Config; readonly dataIndexArgument: number },
  ): Handle<T>;
}

interface IdempotencyOnDynamo {
  readonly DynamoDBPersistenceLayer: new (options: {
    readonly tableName: string;
    readonly awsSdkV3Client: object;
  }) => object;
}

/** Powertools' idempotency around one UpdateItem a record: put "in progress", update the count, update "completed". */
export const idempotentUpdate: Design = ({ client, counts, seen }) => {
  const { IdempotencyConfig, makeIdempotent } = peerPackage<Idempotency>('@aws-lambda-powertools/idempotency');
  const { DynamoDBPersistenceLayer } = peerPackage<IdempotencyOnDynamo>('@aws-lambda-powertools/idempotency/dynamodb');
  const config = new IdempotencyConfig({ eventKeyJmesPath: 'eventID' });
  config.registerLambdaContext({ getRemainingTimeInMillis: () => 60_000 });
  const handle = makeIdempotent(
    async (record) => {
      const bid = bidOf(record);
      if (bid !== undefined) await client.send(new UpdateItemCommand(addition(counts, bid, 1)));
      return true;
    },
    {
      persistenceStore: new DynamoDBPersistenceLayer({ tableName: seen, awsSdkV3Client: client }),
      config,
      dataIndexArgument: 0,
    },
  );
  return ({ Records }) =>
    forEachInFlight(Records, updatesInFlight, async (record) => {
      await handle(record);
    });
};
