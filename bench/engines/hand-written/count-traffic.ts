import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Traffic } from '../trial.ts';

interface Capacity {
  readonly CapacityUnits?: number;
}

/** Of an item of up to 1 KB in a transaction, as AWS bills it. DynamoDB Local reports twice as many. */
const unitsInTransaction = 2;

const reading: ReadonlySet<string> = new Set(['GetItemCommand', 'BatchGetItemCommand', 'QueryCommand', 'ScanCommand']);

/** Has the engine say of each request from now on what it is billed as, whoever sends it through this client, and adds it up. */
export const countTraffic = (client: DynamoDBClient): (() => Omit<Traffic, 'events'>) => {
  let requests = 0;
  let reads = 0;
  let writeUnits = 0;
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (request) => {
        requests++;
        if (commandName !== undefined && reading.has(commandName)) reads++;
        const answer = await next({ ...request, input: { ...request.input, ReturnConsumedCapacity: 'TOTAL' } });
        const { TransactItems } = request.input as { readonly TransactItems?: readonly unknown[] };
        const { ConsumedCapacity } = answer.output as { readonly ConsumedCapacity?: Capacity };
        writeUnits += TransactItems
          ? unitsInTransaction * TransactItems.length
          : (ConsumedCapacity?.CapacityUnits ?? 0);
        return answer;
      },
    { step: 'initialize' },
  );
  return () => ({ requests, reads, readUnits: 0, writeUnits, putUnits: 0 });
};
