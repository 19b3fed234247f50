import { QueryCommand, ScanCommand, type ScanCommandOutput } from '@aws-sdk/client-dynamodb';
import { GetRecordsCommand, GetShardIteratorCommand, ListShardsCommand } from '@aws-sdk/client-kinesis';
import type { LocalDeployment } from 'millrace/local';
import { provinces } from './orders.ts';

/** Where results are: a deployment on this machine, or any other with its clients. */
type Place = Pick<LocalDeployment, 'clients' | 'names'>;

/** A row of the revenue table, as anybody with an SDK reads it. */
export interface RevenueRow {
  readonly province: string;
  readonly minute: number;
  readonly amountCents: number;
  readonly orders: number;
}

type Items = NonNullable<ScanCommandOutput['Items']>;

const toRows = (items: Items = []): RevenueRow[] =>
  items.map((item) => ({
    province: item.province?.S ?? '?',
    minute: Number(item.minute?.N),
    amountCents: Number(item.amountCents?.N),
    orders: Number(item.orders?.N),
  }));

/** The whole table. */
export const readTable = async ({ clients, names }: Place): Promise<RevenueRow[]> => {
  const rows: RevenueRow[] = [];
  let ExclusiveStartKey: ScanCommandOutput['LastEvaluatedKey'];
  do {
    const input = { TableName: names.tables.revenue, ConsistentRead: true, ExclusiveStartKey };
    const page: ScanCommandOutput = await clients.dynamo.send(new ScanCommand(input));
    rows.push(...toRows(page.Items));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return rows;
};

/** The rows of the minutes from `sinceMs` on. */
export const readRecent = async ({ clients, names }: Place, sinceMs: number): Promise<RevenueRow[]> => {
  const pages = await Promise.all(
    provinces.map((province) =>
      clients.dynamo.send(
        new QueryCommand({
          TableName: names.tables.revenue,
          KeyConditionExpression: '#p = :p AND #m >= :m',
          ExpressionAttributeNames: { '#p': 'province', '#m': 'minute' },
          ExpressionAttributeValues: { ':p': { S: province }, ':m': { N: String(sinceMs) } },
        }),
      ),
    ),
  );
  return pages.flatMap((page) => toRows(page.Items));
};

/** A record of the late stream: the order, and the id by which a reader tells a repeat. */
export interface LateOrder {
  readonly id: string;
  readonly _id: string;
}

/** Everything in the late stream. */
export const readLate = async ({ clients, names }: Place): Promise<LateOrder[]> => {
  const StreamName = names.streams['late-orders'];
  const { Shards = [] } = await clients.kinesis.send(new ListShardsCommand({ StreamName }));
  const late: LateOrder[] = [];
  for (const { ShardId } of Shards) {
    const start = { StreamName, ShardId, ShardIteratorType: 'TRIM_HORIZON' } as const;
    let { ShardIterator } = await clients.kinesis.send(new GetShardIteratorCommand(start));
    for (let behindMs = 1; behindMs > 0 && ShardIterator !== undefined; ) {
      const page = await clients.kinesis.send(new GetRecordsCommand({ ShardIterator, Limit: 1_000 }));
      const records = page.Records ?? [];
      late.push(...records.map(({ Data }) => JSON.parse(Buffer.from(Data ?? []).toString()) as LateOrder));
      // The engine says 0 between records that came together: only an empty page is the end.
      behindMs = records.length > 0 ? 1 : (page.MillisBehindLatest ?? 0);
      ShardIterator = page.NextShardIterator;
    }
  }
  return late;
};
