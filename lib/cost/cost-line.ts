import { groupDigits } from '../core/text-table.ts';
import type { StageTraffic } from './stage-traffic.ts';
import type { Workload } from './workload.ts';

/** One kind of use, and what it costs. */
export interface CostLine {
  readonly service: 'Kinesis' | 'Lambda' | 'DynamoDB' | 'SQS' | 'S3' | 'CloudWatch';
  readonly what: string;
  /** How it was reckoned, with units. */
  readonly arithmetic: string;
  readonly usd: number;
}

/** Of an invocation: the put of the commit, and that of its outputs. */
export const WAIT_MS = 15;
export const LOG_BYTES_PER_INVOCATION = 1_000;

/** So many units at a price for a million. */
export const millions = (
  service: CostLine['service'],
  what: string,
  amount: number,
  unit: string,
  price: number,
): CostLine => ({
  service,
  what,
  arithmetic: `${count(amount)} ${unit} × $${price} / M`,
  usd: (amount / 1e6) * price,
});

export const total = (lines: readonly CostLine[]): number => lines.reduce((sum, { usd }) => sum + usd, 0);

/** What happens so often in a second, for a million events. */
export const perMillion = (perSecond: number, { eventsPerSecond }: Workload): number =>
  (perSecond * 1e6) / eventsPerSecond;

export const commitsOf = ({ shards, commitsPerSecond }: StageTraffic): number => shards * commitsPerSecond;

export const sumOf = <T>(all: readonly T[], of: (one: T) => number): number =>
  all.reduce((sum, one) => sum + of(one), 0);

export const KILOBYTE = 1_024;

/** That are begun: what a write to DynamoDB is charged by, and a record of a stream on demand. */
export const kilobytes = (bytes: number): number => Math.ceil(bytes / KILOBYTE);

export const count = (value: number): string => groupDigits(Math.round(value));
