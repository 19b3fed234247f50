import { ScanCommand, type ScanCommandOutput } from '@aws-sdk/client-dynamodb';
import { readLate } from '../../localstack/demo/results.ts';
import type { Cloud } from './cloud.ts';
import type { RevenueRun } from './revenue-run.ts';

const minuteMs = 60_000;
/** No order comes later than this behind the others: panes of minutes that far apart share no batch. */
const latestMs = 15 * minuteMs;

interface LargestRow {
  readonly province: string;
  readonly minute: number;
  /** What only the changed release writes. */
  readonly largestCents: number | undefined;
}

/** Rows of the revenue table, each with the largest order where a release has added that. */
export const largestRows = async (cloud: Cloud, { deployment }: RevenueRun): Promise<readonly LargestRow[]> => {
  const rows: LargestRow[] = [];
  let ExclusiveStartKey: ScanCommandOutput['LastEvaluatedKey'];
  do {
    const scan = new ScanCommand({ TableName: deployment.tables.revenue, ConsistentRead: true, ExclusiveStartKey });
    const page: ScanCommandOutput = await cloud.clients.dynamo.send(scan);
    for (const { province, minute, largestCents } of page.Items ?? []) {
      const largest = largestCents === undefined ? undefined : Number(largestCents.N);
      rows.push({ province: province?.S ?? '?', minute: Number(minute?.N), largestCents: largest });
    }
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return rows;
};

/**
 * Compares the largest order of each row with those that were sent and are not in the late stream, for all panes that were begun
 * after the release.
 * @returns how many rows were compared. @throws Error with the first that differs, or where there are none
 */
export const compareLargest = async (cloud: Cloud, run: RevenueRun): Promise<number> => {
  const rows = await largestRows(cloud, run);
  const since = Math.min(...rows.filter(({ largestCents }) => largestCents !== undefined).map(({ minute }) => minute));
  const whole = rows.filter(({ minute }) => minute > since + latestMs);
  if (whole.length === 0) throw new Error('no pane was begun after the release');
  const late = new Set((await readLate({ clients: cloud.clients, names: run.deployment })).map(({ id }) => id));
  const counted = run.traffic.orders.filter(({ id }) => !late.has(id));
  for (const { province, minute, largestCents } of whole) {
    const sent = counted.filter((order) => order.province === province && minuteOf(order.at) === minute);
    const largest = Math.max(...sent.map(({ amountCents }) => amountCents));
    if (largestCents !== largest)
      throw new Error(`row ${province} ${new Date(minute).toISOString()} has ${largestCents}; sent was ${largest}`);
  }
  return whole.length;
};

const minuteOf = (atMs: number): number => Math.floor(atMs / minuteMs) * minuteMs;
