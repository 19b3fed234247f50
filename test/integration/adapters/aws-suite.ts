import { CreateTableCommand, GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, it } from 'vitest';
import { type AwsClients, type ClientOptions, createClients } from '../../../lib/aws/clients.ts';
import { DynamoItemStore } from '../../../lib/aws/dynamo-item-store.ts';
import { DynamoSinkWriter } from '../../../lib/aws/dynamo-sink-writer.ts';
import { KinesisSinkWriter } from '../../../lib/aws/kinesis-sink-writer.ts';
import { KinesisStreams } from '../../../lib/aws/kinesis-streams.ts';
import { fromRowAttributes } from '../../../lib/aws/row-attributes.ts';
import { StreamResharder } from '../../../lib/local/deployment/reshard.ts';
import { createRowTable, createStateTable, createStream } from '../../../lib/local/engines/resources.ts';
import { describeItemStore } from './item-store-suite.ts';
import { describeAppendSink, describeTableSink } from './sink-suite.ts';
import { describeStreams } from './stream-suite.ts';
import { uniqueName } from './unique-name.ts';

export interface AwsBackend {
  readonly clients: AwsClients;
  readonly connection: ClientOptions;
}

/** All shared suites and what only the AWS adapters can get wrong, against any endpoint. */
export const describeAws = (name: string, backend: () => AwsBackend): void => {
  const stateTable = uniqueName('state');
  const clients = () => backend().clients;

  beforeAll(() => createStateTable(clients().dynamo, stateTable));

  describeItemStore(name, () => ({
    makeStore: (observer) =>
      new DynamoItemStore({ client: clients().dynamo, tableName: stateTable, ...(observer && { observer }) }),
  }));

  describeStreams(name, () => ({
    streams: new KinesisStreams({ client: clients().kinesis }),
    createStream: (stream, shards) => createStream(clients().kinesis, stream, shards),
    splitShard: (stream, shard, at) => resharderOf(clients(), stream).split(shard.shardId, at),
    mergeShards: (stream, low, high) => resharderOf(clients(), stream).merge(low.shardId, high.shardId),
  }));

  describeResharding(name, backend);

  describeTableSink(name, () => ({
    makeTable: async (keys) => {
      const client = clients().dynamo;
      const tableName = uniqueName('rows');
      await createRowTable(client, tableName, keys);
      const writer = new DynamoSinkWriter({ client, tableName, keyFields: keys.map((key) => key.name) });
      const rows = async () => {
        const answer = await client.send(new ScanCommand({ TableName: tableName, ConsistentRead: true }));
        return (answer.Items ?? []).map((item) => {
          const { _v, _lp, ...value } = fromRowAttributes(item);
          expect([_v, _lp]).toEqual([expect.any(Uint8Array), expect.any(Number)]);
          return value;
        });
      };
      return { writer, rows };
    },
  }));

  describeAppendSink(name, () => ({
    makeSink: async () => {
      const stream = uniqueName('sink');
      await createStream(clients().kinesis, stream, 1);
      const streams = new KinesisStreams({ client: clients().kinesis });
      const writer = new KinesisSinkWriter({ streams, stream, idField: '_id' });
      const values = async () => {
        const reader = await streams.openReader(stream, 'shardId-000000000000', { at: 'trim-horizon' });
        const byId = new Map<unknown, unknown>();
        for (let more = true; more; ) {
          const page = await reader.next(1_000);
          for (const record of page.records) {
            const { _id, ...value } = JSON.parse(Buffer.from(record.data).toString());
            if (!byId.has(_id)) byId.set(_id, value);
          }
          more = page.behindLatestMs > 0 || page.records.length > 0;
        }
        return [...byId.values()];
      };
      return { writer, values };
    },
  }));

  describeAwsErrors(name, backend);
};

const resharderOf = ({ kinesis }: AwsClients, stream: string): StreamResharder =>
  new StreamResharder(kinesis, new KinesisStreams({ client: kinesis }), stream);

/** What a job that is resharded relies on, beyond single splits and merges. */
const describeResharding = (name: string, backend: () => AwsBackend): void => {
  describe(`${name}: UpdateShardCount`, () => {
    it('leaves open shards that cover every hash key once, each with listed parents, and the closed ones in the list', async () => {
      const { clients } = backend();
      const stream = uniqueName('scaled');
      await createStream(clients.kinesis, stream, 2);
      const streams = new KinesisStreams({ client: clients.kinesis });
      let known: readonly string[] = (await streams.listShards(stream)).map(({ shardId }) => shardId);
      for (const count of [4, 3, 6, 3]) {
        await resharderOf(clients, stream).updateCount(count);
        const shards = await streams.listShards(stream);
        const open = shards.filter((shard) => shard.open).sort((a, b) => (a.hashStart < b.hashStart ? -1 : 1));
        expect(open).toHaveLength(count);
        const covered = open.reduce((next, { hashStart, hashEnd }) => (hashStart === next ? hashEnd + 1n : -1n), 0n);
        expect(covered).toBe(1n << 128n);
        const ids = shards.map(({ shardId }) => shardId);
        expect(ids).toEqual(expect.arrayContaining([...known]));
        for (const shard of shards.filter(({ shardId }) => !known.includes(shardId))) {
          expect(shard.parentShardIds.length).toBeGreaterThan(0);
          expect(ids).toEqual(expect.arrayContaining([...shard.parentShardIds]));
        }
        known = ids;
      }
    });

    it('ends the readers of closed shards after their last record, those too that were open before', async () => {
      const { clients } = backend();
      const stream = uniqueName('scaled');
      await createStream(clients.kinesis, stream, 1);
      const streams = new KinesisStreams({ client: clients.kinesis });
      const put = (text: string) => streams.putRecords(stream, [{ data: Buffer.from(text), partitionKey: text }]);
      await put('first');
      const reader = await streams.openReader(stream, 'shardId-000000000000', { at: 'trim-horizon' });
      expect((await reader.next(10)).records).toHaveLength(1);
      await put('second');
      await resharderOf(clients, stream).updateCount(2);
      await put('third');
      const texts: string[] = [];
      for (let ended = false; !ended; ) {
        const page = await reader.next(10);
        texts.push(...page.records.map(({ data }) => Buffer.from(data).toString()));
        ended = page.ended;
      }
      expect(texts).toEqual(['second']);
    });
  });
};

const describeAwsErrors = (name: string, backend: () => AwsBackend): void => {
  const clients = () => backend().clients;

  describe(`${name}: errors`, () => {
    it('names the table that is missing', async () => {
      const store = new DynamoItemStore({ client: clients().dynamo, tableName: 'no-such-table' });
      const key = { pk: 'a', sk: 'b' };
      const missing = { code: 'TABLE_NOT_FOUND', kind: 'configuration', fix: expect.stringContaining('AWS_REGION') };
      const calls = [
        () => store.get(key),
        () => store.getMany([key]),
        () => store.query({ pk: 'a', from: 'a', to: 'b' }),
        () => store.put(key, { kind: 'absent' }),
        () => store.putMany([key]),
        () => store.deleteMany([key]),
      ];
      for (const call of calls) await expect(call()).rejects.toMatchObject(missing);
      const sink = new DynamoSinkWriter({ client: clients().dynamo, tableName: 'no-such-table', keyFields: ['id'] });
      const version = { incarnation: 1, n: 1, index: 0 };
      const row = { value: { id: 'x' }, version, lp: 0, unit: 'u', outputId: 'u/1/0', eventTimeMs: 0 };
      await expect(sink.write([row])).rejects.toMatchObject({ code: 'TABLE_NOT_FOUND' });
    });

    it('says that a table has other keys', async () => {
      const tableName = uniqueName('other');
      await createRowTable(clients().dynamo, tableName, [{ name: 'id', type: 'number' }]);
      const store = new DynamoItemStore({ client: clients().dynamo, tableName });
      await expect(store.get({ pk: 'a', sk: 'b' })).rejects.toMatchObject({ code: 'TABLE_SHAPE' });
      await expect(store.put({ pk: 'a', sk: 'b' }, { kind: 'absent' })).rejects.toMatchObject({ code: 'TABLE_SHAPE' });
    });

    it('does not adopt a row that something else wrote without our stamps and with another owner', async () => {
      const client = clients().dynamo;
      const tableName = uniqueName('rows');
      await createRowTable(client, tableName, [{ name: 'id', type: 'string' }]);
      await client.send(
        new PutItemCommand({
          TableName: tableName,
          Item: { id: { S: 'x' }, _v: { B: new Uint8Array(16) }, who: { S: 'a script' } },
        }),
      );
      const sink = new DynamoSinkWriter({ client, tableName, keyFields: ['id'] });
      const version = { incarnation: 1, n: 1, index: 0 };
      await expect(
        sink.write([{ value: { id: 'x' }, version, lp: 0, unit: 'u', outputId: 'u/1/0', eventTimeMs: 0 }]),
      ).rejects.toMatchObject({ code: 'SINK_ROW_OF_ANOTHER_PARTITION' });
      const left = await client.send(new GetItemCommand({ TableName: tableName, Key: { id: { S: 'x' } } }));
      expect(left.Item?.who).toEqual({ S: 'a script' });
    });

    it('says what to do about wrong credentials', async (context) => {
      const wrong = createClients({
        ...backend().connection,
        credentials: { accessKeyId: 'AKIAWRONGWRONGWRONG', secretAccessKey: 'wrong' },
      });
      try {
        const probe = new CreateTableCommand({
          TableName: uniqueName('probe'),
          AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
          BillingMode: 'PAY_PER_REQUEST',
        });
        const checked = await wrong.dynamo.send(probe).then(
          () => false,
          () => true,
        );
        context.skip(!checked, 'this engine does not check credentials');
        const store = new DynamoItemStore({ client: wrong.dynamo, tableName: 'any-table' });
        await expect(store.get({ pk: 'a', sk: 'b' })).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
      } finally {
        wrong.destroy();
      }
    });

    it('knows no outcome when nobody answers a write, and no harm done by a read', async () => {
      const gone = createClients({ endpoint: 'http://127.0.0.1:1', region: 'us-east-1', credentials });
      try {
        const store = new DynamoItemStore({ client: gone.dynamo, tableName: 'any-table' });
        await expect(store.get({ pk: 'a', sk: 'b' })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
        const put = store.put({ pk: 'a', sk: 'b' }, { kind: 'absent' });
        await expect(put).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', kind: 'retryable' });
        const streams = new KinesisStreams({ client: gone.kinesis });
        await expect(streams.describe('any')).rejects.toMatchObject({ code: 'STREAM_UNAVAILABLE' });
      } finally {
        gone.destroy();
      }
    });
  });
};

const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
