import type { Plan } from '../graph/plan.ts';
import { type CostLine, count, LOG_BYTES_PER_INVOCATION, WAIT_MS } from './cost-line.ts';
import { HOURS_OF_MONTH, idleStreamLines } from './kinesis-lines.ts';
import type { Prices } from './prices.ts';
import type { StageTraffic } from './stage-traffic.ts';
import type { Workload } from './workload.ts';

const TICKS_PER_HOUR = 60;

/** What a month costs in which nothing arrives. */
export const idleLines = (
  plan: Plan,
  traffic: readonly StageTraffic[],
  workload: Workload,
  prices: Prices,
): CostLine[] => {
  const ticks = traffic.length * TICKS_PER_HOUR * HOURS_OF_MONTH;
  const seconds = (ticks * WAIT_MS) / 1_000;
  return [
    ...idleStreamLines(plan, traffic, workload, prices),
    {
      service: 'Lambda',
      what: 'ticks',
      arithmetic: `${count(ticks)} × ($${prices.lambda.millionRequests} / M + ${WAIT_MS} ms × ${workload.memoryMegabytes} MB)`,
      usd:
        (ticks / 1e6) * prices.lambda.millionRequests +
        ((seconds * workload.memoryMegabytes) / 1_024) * prices.lambda.armGigabyteSecond,
    },
    {
      service: 'CloudWatch',
      what: 'logs of ticks',
      arithmetic: `${count(ticks)} × 1 KB × $${prices.cloudWatch.logGigabyte} / GB`,
      usd: ((ticks * LOG_BYTES_PER_INVOCATION) / 1e9) * prices.cloudWatch.logGigabyte,
    },
    {
      service: 'CloudWatch',
      what: 'alarms',
      arithmetic: `${workload.alarms} × $${prices.cloudWatch.alarmMonth}`,
      usd: workload.alarms * prices.cloudWatch.alarmMonth,
    },
  ];
};
