import {
  type ConsumedCapacity,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { type Clock, systemClock } from '../core/clock.ts';
import { forEachInFlight } from '../core/in-flight.ts';
import { type Random, systemRandom } from '../core/random.ts';
import { itemBytes, writeUnits } from '../state/item-size.ts';
import type {
  Item,
  ItemKey,
  ItemStore,
  PutCondition,
  PutResult,
  QueryPage,
  QueryRange,
  StoreObserver,
  StoreRequest,
} from '../state/item-store.ts';
import { compareSortKeys } from '../state/sort-keys.ts';
import { fromWireItem, toWireItem, toWireKey, type WireItem } from './attribute-values.ts';
import { errorName, toMillraceError } from './aws-errors.ts';
import { type BatchContext, batchGet, batchWrite, keysPerBatchGet, requestsPerBatchWrite } from './dynamo-batches.ts';

export interface DynamoItemStoreOptions {
  readonly client: DynamoDBClient;
  /** A table with the string keys `pk` and `sk`. */
  readonly tableName: string;
  /** Told of every request with the units it was billed. Without one, the service is not asked for them. */
  readonly observer?: StoreObserver;
  /** For the waits between retries of parts of batches. */
  readonly clock?: Clock;
  readonly random?: Random;
}

const batchesInFlight = 4;

const mapKey = (key: ItemKey): string => `${key.pk.length}:${key.pk}${key.sk}`;

const chunksOf = <T>(all: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size));

const conditionOf = (condition: PutCondition): Partial<PutItemCommandInput> => {
  if (condition.kind === 'none') return {};
  if (condition.kind === 'absent') {
    return { ConditionExpression: 'attribute_not_exists(#a)', ExpressionAttributeNames: { '#a': 'pk' } };
  }
  const { attribute, value } = condition;
  return {
    ConditionExpression: '#a = :v',
    ExpressionAttributeNames: { '#a': attribute },
    ExpressionAttributeValues: { ':v': typeof value === 'number' ? { N: String(value) } : { S: value } },
  };
};

/**
 * The item store in a DynamoDB table. All reads are strongly consistent.
 *
 * @example
 * const store = new DynamoItemStore({ client: createClients().dynamo, tableName: 'millrace-state' });
 */
export class DynamoItemStore implements ItemStore {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;
  readonly #observer: StoreObserver | undefined;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(options: DynamoItemStoreOptions) {
    this.#client = options.client;
    this.#tableName = options.tableName;
    this.#observer = options.observer;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
  }

  async get(key: ItemKey): Promise<Item | undefined> {
    const answer = await this.#attempt('read', () =>
      this.#client.send(new GetItemCommand({ ...this.#base(), Key: toWireKey(key), ConsistentRead: true })),
    );
    this.#observe('get', key.pk, answer.ConsumedCapacity);
    return answer.Item && fromWireItem(answer.Item);
  }

  async getMany(keys: readonly ItemKey[]): Promise<readonly (Item | undefined)[]> {
    // A batch may not name a key twice.
    const wanted = [...new Map(keys.map((key) => [mapKey(key), key])).values()];
    const found = new Map<string, Item>();
    await forEachInFlight(chunksOf(wanted, keysPerBatchGet), batchesInFlight, async (chunk) => {
      const items = await batchGet(this.#batch('getMany', chunk), chunk.map(toWireKey));
      for (const item of items.map(fromWireItem)) found.set(mapKey(item), item);
    });
    return keys.map((key) => found.get(mapKey(key)));
  }

  async query(range: QueryRange): Promise<QueryPage> {
    // DynamoDB refuses a range that is upside down, and an empty text as a key.
    if (compareSortKeys(range.from, range.to) > 0) return { items: [], more: false };
    const fromStart = range.from === '';
    const answer = await this.#attempt('read', () =>
      this.#client.send(
        new QueryCommand({
          ...this.#base(),
          KeyConditionExpression: fromStart ? '#pk = :pk AND #sk <= :to' : '#pk = :pk AND #sk BETWEEN :from AND :to',
          ExpressionAttributeNames: { '#pk': 'pk', '#sk': 'sk' },
          ExpressionAttributeValues: {
            ':pk': { S: range.pk },
            ':to': { S: range.to },
            ...(fromStart ? {} : { ':from': { S: range.from } }),
          },
          ConsistentRead: true,
          ...(range.keysOnly === true && { ProjectionExpression: '#pk, #sk' }),
          ...(range.limit === undefined ? {} : { Limit: range.limit }),
        }),
      ),
    );
    this.#observe('query', range.pk, answer.ConsumedCapacity);
    return { items: (answer.Items ?? []).map(fromWireItem), more: answer.LastEvaluatedKey !== undefined };
  }

  async put(item: Item, condition: PutCondition): Promise<PutResult> {
    const command = new PutItemCommand({
      ...this.#base(),
      ...conditionOf(condition),
      Item: toWireItem(item),
      ReturnValues: 'ALL_OLD',
      ...(condition.kind === 'none' ? {} : { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
    });
    try {
      const answer = await this.#client.send(command);
      this.#observe('put', item.pk, answer.ConsumedCapacity);
      return { applied: true, replaced: answer.Attributes && fromWireItem(answer.Attributes) };
    } catch (error) {
      if (errorName(error) !== 'ConditionalCheckFailedException') throw this.#error(error, 'write');
      return { applied: false, existing: await this.#existing(item, error as { readonly Item?: WireItem }) };
    }
  }

  async putMany(items: readonly Item[]): Promise<void> {
    const last = [...new Map(items.map((item) => [mapKey(item), item])).values()];
    await this.#writeAll('putMany', last, (item) => ({ PutRequest: { Item: toWireItem(item) } }));
  }

  async deleteMany(keys: readonly ItemKey[]): Promise<void> {
    const distinct = [...new Map(keys.map((key) => [mapKey(key), key])).values()];
    await this.#writeAll('deleteMany', distinct, (key) => ({ DeleteRequest: { Key: toWireKey(key) } }));
  }

  async #writeAll<T extends ItemKey>(
    operation: StoreRequest['operation'],
    all: readonly T[],
    toRequest: (one: T) => WriteRequest,
  ): Promise<void> {
    await forEachInFlight(chunksOf(all, requestsPerBatchWrite), batchesInFlight, (chunk) =>
      batchWrite(this.#batch(operation, chunk), chunk.map(toRequest)),
    );
  }

  /** The item that made a condition fail: from the failure itself where the store sends it, else read. */
  async #existing(key: ItemKey, failure: { readonly Item?: WireItem }): Promise<Item | undefined> {
    const sent = failure.Item && fromWireItem(failure.Item);
    // A failed condition is billed by what is there, and the failure does not say how much that was.
    const observeFailure = (existing: Item | undefined) =>
      this.#observer?.({
        operation: 'put',
        pk: key.pk,
        readUnits: 0,
        writeUnits: writeUnits(existing === undefined ? 0 : itemBytes(existing)),
      });
    if (sent !== undefined) {
      observeFailure(sent);
      return sent;
    }
    const read = await this.get(key);
    observeFailure(read);
    return read;
  }

  #base() {
    return {
      TableName: this.#tableName,
      ...(this.#observer === undefined ? {} : { ReturnConsumedCapacity: 'TOTAL' as const }),
    };
  }

  #batch(operation: StoreRequest['operation'], keys: readonly ItemKey[]): BatchContext {
    const pk = keys[0]?.pk ?? '';
    const observe = (all: readonly ConsumedCapacity[]) => {
      for (const capacity of all) this.#observe(operation, pk, capacity);
    };
    return {
      client: this.#client,
      tableName: this.#tableName,
      clock: this.#clock,
      random: this.#random,
      observe: this.#observer && observe,
    };
  }

  #observe(operation: StoreRequest['operation'], pk: string, capacity: ConsumedCapacity | undefined): void {
    const units = capacity?.CapacityUnits ?? 0;
    const writes = operation === 'put' || operation === 'putMany' || operation === 'deleteMany';
    this.#observer?.({ operation, pk, readUnits: writes ? 0 : units, writeUnits: writes ? units : 0 });
  }

  async #attempt<T>(effect: 'read' | 'write', call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw this.#error(error, effect);
    }
  }

  #error(error: unknown, effect: 'read' | 'write'): unknown {
    return toMillraceError(error, { resource: 'table', name: this.#tableName, effect });
  }
}
