import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  type ConsumedCapacity,
  type DynamoDBClient,
  type KeysAndAttributes,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { backOff, maxRetries } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import type { Random } from '../core/random.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import type { WireItem } from './attribute-values.ts';
import { toMillraceError } from './aws-errors.ts';

export const keysPerBatchGet = 100;
export const requestsPerBatchWrite = 25;

export interface BatchContext {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Called with the capacity of each request; `undefined` asks the service for none. */
  readonly observe: ((capacity: readonly ConsumedCapacity[]) => void) | undefined;
}

/** Reads up to {@link keysPerBatchGet} keys. Items come in any order; missing ones do not come. */
export const batchGet = async (context: BatchContext, keys: readonly WireItem[]): Promise<readonly WireItem[]> => {
  const { tableName } = context;
  const found: WireItem[] = [];
  let asked: KeysAndAttributes = { Keys: [...keys], ConsistentRead: true };
  for (let fruitless = 0; ; ) {
    const answer = await send(context, 'read', () =>
      context.client.send(
        new BatchGetItemCommand({
          RequestItems: { [tableName]: asked },
          ...(context.observe && { ReturnConsumedCapacity: 'TOTAL' }),
        }),
      ),
    );
    context.observe?.(answer.ConsumedCapacity ?? []);
    const items = answer.Responses?.[tableName] ?? [];
    found.push(...items);
    const left = answer.UnprocessedKeys?.[tableName];
    if (left?.Keys === undefined || left.Keys.length === 0) return found;
    asked = left;
    // An answer stops at 16 MB: what is left then was not throttled, and is asked for at once.
    if (items.length > 0) fruitless = 0;
    else if (fruitless++ === maxRetries) throw givenUp(tableName, 'STORE_UNAVAILABLE', left.Keys.length);
    else await backOff(fruitless - 1, context.clock, context.random);
  }
};

/** Writes up to {@link requestsPerBatchWrite} puts and deletes of different keys. */
export const batchWrite = async (context: BatchContext, requests: readonly WriteRequest[]): Promise<void> => {
  const { tableName } = context;
  let left: WriteRequest[] = [...requests];
  for (let retry = 0; ; retry++) {
    const asked = left;
    const answer = await send(context, 'write', () =>
      context.client.send(
        new BatchWriteItemCommand({
          RequestItems: { [tableName]: asked },
          ...(context.observe && { ReturnConsumedCapacity: 'TOTAL' }),
        }),
      ),
    );
    context.observe?.(answer.ConsumedCapacity ?? []);
    left = answer.UnprocessedItems?.[tableName] ?? [];
    if (left.length === 0) return;
    // Some of the batch is written: "nothing happened" would be untrue.
    if (retry === maxRetries) throw givenUp(tableName, 'OUTCOME_UNKNOWN', left.length);
    await backOff(retry, context.clock, context.random);
  }
};

const send = async <T>(context: BatchContext, effect: 'read' | 'write', call: () => Promise<T>): Promise<T> => {
  try {
    return await call();
  } catch (error) {
    throw toMillraceError(error, { resource: 'table', name: context.tableName, effect });
  }
};

const givenUp = (table: string, code: 'STORE_UNAVAILABLE' | 'OUTCOME_UNKNOWN', count: number): MillraceError =>
  new MillraceError('retryable', code, `table ${table} kept turning ${count} items of a batch away`, {
    fields: { table, count, retries: maxRetries },
  });
