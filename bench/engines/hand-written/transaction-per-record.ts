import { TransactionCanceledException, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { addition, bidOf, type Design } from './design.ts';

/**
 * One transaction a record: that it was seen, and its count. One after the other, since transactions on the same key at the same time
 * cancel each other, and every other bid is for the same auction.
 */
export const transactionPerRecord: Design =
  ({ client, counts, seen }) =>
  async ({ Records }) => {
    for (const record of Records) {
      const bid = bidOf(record);
      if (bid === undefined) continue;
      const marker = {
        TableName: seen,
        Item: { id: { S: record.eventID } },
        ConditionExpression: 'attribute_not_exists(id)',
      };
      const both = { TransactItems: [{ Put: marker }, { Update: addition(counts, bid, 1) }] };
      await client.send(new TransactWriteItemsCommand(both)).catch((error: unknown) => {
        if (!wasSeen(error)) throw error;
      });
    }
  };

const wasSeen = (error: unknown): boolean =>
  error instanceof TransactionCanceledException && error.CancellationReasons?.[0]?.Code === 'ConditionalCheckFailed';
