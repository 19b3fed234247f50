import { groupDigits, tableLines } from '../core/text-table.ts';
import type { ComparedDesign } from './compare-designs.ts';
import type { CostEstimate } from './estimate-cost.ts';

/** Designs with their arithmetic, as lines for a terminal. */
export const renderComparedDesigns = (
  { pipeline, workload, prices }: CostEstimate,
  designs: readonly ComparedDesign[],
): string => {
  if (designs.length === 0) return `${pipeline} has no aggregates: there is nothing to compare.`;
  const whole = designs.at(-1) as ComparedDesign;
  return [
    `${pipeline}: what DynamoDB costs for a million events at ${groupDigits(workload.eventsPerSecond)}/s and ` +
      `${groupDigits(workload.keys)} keys (${prices.region}, list prices of ${prices.asOf})`,
    '',
    ...tableLines(
      [{}, { align: 'right' }, { align: 'right' }, {}, {}],
      [
        ['design', 'costs', '×', 'exactly-once', 'arithmetic'],
        ...designs.map(({ design, usd, exactlyOnce, arithmetic }) => [
          design,
          `$${usd.toFixed(4)}`,
          (usd / whole.usd).toFixed(1),
          exactlyOnce,
          arithmetic,
        ]),
      ],
    ),
    '',
    `assumed: rows of ${workload.rowBytes} B, a batch every ${workload.batchSeconds} s, every key as frequent as any other; no free tier, no discount`,
  ].join('\n');
};
