import { groupDigits, tableLines } from '../core/text-table.ts';
import type { CostLine } from './cost-line.ts';
import type { CostEstimate } from './estimate-cost.ts';

/** One line: what a pipeline costs for a million events and for a month without any. */
export const summarizeCost = (estimate: CostEstimate): string => {
  const { pipeline, usdPerMillionEvents, usdPerIdleMonth, workload, prices } = estimate;
  return (
    `${pipeline}: about ${usd(usdPerMillionEvents)} for a million events at ${groupDigits(workload.eventsPerSecond)}/s, ` +
    `${usd(usdPerIdleMonth)} for an idle month (${prices.region}, list prices of ${prices.asOf})`
  );
};

/** The whole estimate with its arithmetic, as lines for a terminal. */
export const renderCost = (estimate: CostEstimate): string => {
  const { workload, perMillionEvents, perIdleMonth, usdPerMillionEvents, usdPerIdleMonth } = estimate;
  return [
    summarizeCost(estimate),
    '',
    'for a million events',
    ...table(perMillionEvents, usdPerMillionEvents),
    '',
    'for a month in which nothing arrives (730 hours)',
    ...table(perIdleMonth, usdPerIdleMonth),
    '',
    `assumed: events of ${workload.eventBytes} B, ${groupDigits(workload.keys)} keys, a batch every ${workload.batchSeconds} s, functions of ${workload.memoryMegabytes} MB,`,
    'every record passes every filter, another container for each batch; no free tier, no discount, no data transfer',
  ].join('\n');
};

const table = (lines: readonly CostLine[], sum: number): string[] =>
  tableLines(
    [{}, {}, { align: 'right' }, {}],
    [
      ...lines.map(({ service, what, arithmetic, usd: amount }) => [service, what, usd(amount), arithmetic]),
      ['', 'in all', usd(sum), ''],
    ],
  );

/** Cents of a month; of a million events as many digits as tell the parts apart. */
const usd = (amount: number): string => `$${amount >= 1 ? amount.toFixed(2) : amount.toFixed(5)}`;
