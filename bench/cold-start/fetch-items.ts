import { BatchGetItemCommand, type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { forEachInFlight } from '../../lib/core/in-flight.ts';
import type { ItemKey } from '../../lib/state/item-store.ts';

const wireKey = ({ pk, sk }: ItemKey) => ({ pk: { S: pk }, sk: { S: sk } });

type Fetch = (client: DynamoDBClient, table: string, keys: readonly ItemKey[]) => Promise<void>;

const gets =
  (inFlight: number): Fetch =>
  (client, TableName, keys) =>
    forEachInFlight(keys, inFlight, async (key) => {
      const { Item } = await client.send(new GetItemCommand({ TableName, Key: wireKey(key), ConsistentRead: true }));
      if (Item === undefined) throw new Error(`${key.pk} ${key.sk} is not there`);
    });

const batches =
  (size: number, inFlight: number): Fetch =>
  (client, table, keys) => {
    const chunks = Array.from({ length: Math.ceil(keys.length / size) }, (_, i) =>
      keys.slice(i * size, (i + 1) * size),
    );
    return forEachInFlight(chunks, inFlight, async (chunk) => {
      let asked = chunk.map(wireKey);
      while (asked.length > 0) {
        const RequestItems = { [table]: { Keys: asked, ConsistentRead: true } };
        const answer = await client.send(new BatchGetItemCommand({ RequestItems }));
        asked = (answer.UnprocessedKeys?.[table]?.Keys ?? []) as typeof asked;
      }
    });
  };

/** From one at a time to more than the engine can do at once. */
const ways: readonly Fetch[] = [gets(4), gets(16), batches(10, 4), batches(40, 2), batches(100, 4)];

/** Fetches items with the plain SDK, and does nothing with them. @returns milliseconds of the fastest way */
export const fetchBest = async (client: DynamoDBClient, table: string, keys: readonly ItemKey[]): Promise<number> => {
  let bestMs = Number.POSITIVE_INFINITY;
  for (const fetch of ways) {
    const startMs = performance.now();
    await fetch(client, table, keys);
    bestMs = Math.min(bestMs, performance.now() - startMs);
  }
  return bestMs;
};
