import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { DynamoItemStore } from '../../../lib/aws/dynamo-item-store.ts';
import { DynamoSinkWriter } from '../../../lib/aws/dynamo-sink-writer.ts';

interface Call {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: the inputs of different commands, looked at loosely
  readonly input: any;
}

/** A client whose answers are made by `answer`, and what was asked of it. */
const fakeClient = (answer: (call: Call, index: number) => unknown) => {
  const calls: Call[] = [];
  const send = async (command: { readonly constructor: { readonly name: string }; readonly input: unknown }) => {
    const call = { name: command.constructor.name, input: command.input };
    calls.push(call);
    return answer(call, calls.length - 1);
  };
  return { calls, client: { send } as unknown as DynamoDBClient };
};

const quick = () => {
  const sleptMs: number[] = [];
  const clock = {
    nowMs: () => 0,
    sleep: async (durationMs: number) => {
      sleptMs.push(durationMs);
    },
  };
  return { sleptMs, clock, random: { uniqueId: () => 'id', fraction: () => 1 } };
};

const keys = (count: number) => Array.from({ length: count }, (_, i) => ({ pk: 'p', sk: `s${i}` }));

describe('DynamoItemStore, where the service does part of the work', () => {
  it('asks at once for what did not fit, and waits longer and longer when nothing comes', async () => {
    const { calls, client } = fakeClient(({ input }, index) => {
      const asked = input.RequestItems.t.Keys;
      const served = index === 0 ? 3 : index < 3 ? 0 : asked.length;
      return { Responses: { t: asked.slice(0, served) }, UnprocessedKeys: { t: { Keys: asked.slice(served) } } };
    });
    const { sleptMs, ...time } = quick();
    const store = new DynamoItemStore({ client, tableName: 't', ...time });
    expect(await store.getMany(keys(5))).toEqual(keys(5));
    expect(calls.map((call) => call.input.RequestItems.t.Keys.length)).toEqual([5, 2, 2, 2]);
    expect(calls[0]?.input.RequestItems.t.ConsistentRead).toBe(true);
    expect(sleptMs).toEqual([40, 80]);
  });

  it('offers unprocessed writes again', async () => {
    const { calls, client } = fakeClient(({ input }, index) =>
      index === 0 ? { UnprocessedItems: { t: input.RequestItems.t.slice(20) } } : {},
    );
    const { sleptMs, ...time } = quick();
    await new DynamoItemStore({ client, tableName: 't', ...time }).putMany(keys(25));
    expect(calls.map((call) => call.input.RequestItems.t.length)).toEqual([25, 5]);
    expect(sleptMs).toEqual([40]);
  });

  it('gives up after a bounded number of tries, and says that some may be written', async () => {
    const { calls, client } = fakeClient(({ input }) => ({ UnprocessedItems: input.RequestItems }));
    const { sleptMs, ...time } = quick();
    const store = new DynamoItemStore({ client, tableName: 't', ...time });
    await expect(store.putMany(keys(1))).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(calls).toHaveLength(8);
    expect(Math.max(...sleptMs)).toBeLessThanOrEqual(2_000);
  });

  const conditionFailed = (Item?: unknown) =>
    Object.assign(new Error('no'), { name: 'ConditionalCheckFailedException', Item, $metadata: { attempts: 2 } });

  it('takes the existing item from the failure, without a read', async () => {
    const { calls, client } = fakeClient(() => {
      throw conditionFailed({ pk: { S: 'p' }, sk: { S: 's' }, n: { N: '7' } });
    });
    const store = new DynamoItemStore({ client, tableName: 't' });
    const result = await store.put({ pk: 'p', sk: 's', n: 1 }, { kind: 'equals', attribute: 'n', value: 0 });
    expect(result).toEqual({ applied: false, existing: { pk: 'p', sk: 's', n: 7 } });
    expect(calls.map((call) => call.name)).toEqual(['PutItemCommand']);
  });

  it('reads the existing item strongly where the failure does not bring it', async () => {
    const { calls, client } = fakeClient(({ name }) => {
      if (name === 'PutItemCommand') throw conditionFailed();
      return { Item: { pk: { S: 'p' }, sk: { S: 's' } } };
    });
    const store = new DynamoItemStore({ client, tableName: 't' });
    const result = await store.put({ pk: 'p', sk: 's' }, { kind: 'absent' });
    expect(result).toEqual({ applied: false, existing: { pk: 'p', sk: 's' } });
    expect(calls[1]).toMatchObject({ name: 'GetItemCommand', input: { ConsistentRead: true } });
  });

  it('reads strongly, always', async () => {
    const { calls, client } = fakeClient(() => ({}));
    const store = new DynamoItemStore({ client, tableName: 't' });
    await store.get({ pk: 'p', sk: 's' });
    await store.query({ pk: 'p', from: 'a', to: 'b' });
    expect(calls.map((call) => call.input.ConsistentRead)).toEqual([true, true]);
  });

  it('asks for the bill only when somebody reads it', async () => {
    const silent = fakeClient(() => ({}));
    await new DynamoItemStore({ client: silent.client, tableName: 't' }).get({ pk: 'p', sk: 's' });
    expect(silent.calls[0]?.input.ReturnConsumedCapacity).toBeUndefined();
    const observed = fakeClient(() => ({ ConsumedCapacity: { CapacityUnits: 2 } }));
    const units: number[] = [];
    const observer = (request: { readUnits: number }) => units.push(request.readUnits);
    await new DynamoItemStore({ client: observed.client, tableName: 't', observer }).get({ pk: 'p', sk: 's' });
    expect(observed.calls[0]?.input.ReturnConsumedCapacity).toBe('TOTAL');
    expect(units).toEqual([2]);
  });
});

describe('DynamoSinkWriter, where the answer is lost', () => {
  const row = (id: number) => ({
    value: { id },
    version: { incarnation: 1, n: 1, index: id },
    lp: 0,
    unit: 'u',
    outputId: `u/1/${id}`,
    eventTimeMs: 0,
  });

  it('is unavailable, and starts no more puts', async () => {
    const { calls, client } = fakeClient(() => {
      throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
    });
    const writer = new DynamoSinkWriter({ client, tableName: 't', keyFields: ['id'] });
    const rows = Array.from({ length: 100 }, (_, i) => row(i));
    await expect(writer.write(rows)).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE', kind: 'retryable' });
    expect(calls.length).toBeLessThanOrEqual(16);
  });

  it('goes on where nothing may be sent twice, and counts the rows that failed', async () => {
    let puts = 0;
    const { calls, client } = fakeClient(() => {
      if (++puts % 2 === 0) throw Object.assign(new Error('socket hang up'), { name: 'TimeoutError' });
      return {};
    });
    let unsent = 0;
    const onUnsent = (count: number) => {
      unsent += count;
    };
    const writer = new DynamoSinkWriter({ client, tableName: 't', keyFields: ['id'] });
    await writer.write(
      Array.from({ length: 10 }, (_, i) => row(i)),
      { remainingMs: 1_000, onUnsent },
    );
    expect([calls.length, unsent]).toEqual([10, 5]);
  });

  it('has at most 16 puts in flight', async () => {
    let flying = 0;
    let most = 0;
    const { client } = fakeClient(async () => {
      most = Math.max(most, ++flying);
      await Promise.resolve();
      flying--;
      return {};
    });
    const writer = new DynamoSinkWriter({ client, tableName: 't', keyFields: ['id'] });
    await writer.write(Array.from({ length: 100 }, (_, i) => row(i)));
    expect(most).toBe(16);
  });
});
