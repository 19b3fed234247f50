import type { Plan } from '../graph/plan.ts';
import { busyLines } from './busy-lines.ts';
import { type CostLine, total } from './cost-line.ts';
import { idleLines } from './idle-lines.ts';
import { type Prices, usEast1 } from './prices.ts';
import { trafficOf } from './stage-traffic.ts';
import { readWorkload, type Workload, type WorkloadOptions } from './workload.ts';

/** What a pipeline is expected to cost. */
export interface CostEstimate {
  readonly pipeline: string;
  readonly workload: Workload;
  readonly prices: Pick<Prices, 'region' | 'asOf'>;
  /** For each million events, at the workload's rate. */
  readonly perMillionEvents: readonly CostLine[];
  readonly usdPerMillionEvents: number;
  /** For a month of 730 hours in which nothing arrives. What is charged by the hour is charged in busy months too. */
  readonly perIdleMonth: readonly CostLine[];
  readonly usdPerIdleMonth: number;
}

/**
 * Estimates what a pipeline costs on AWS at list prices: by service, for a million events and for a month in which none
 * arrives. Assumes what {@link WorkloadOptions} says, that every record passes every filter, and that containers change places
 * at random, so that each commit is preceded by a strong read. The source's own stream and the producers' puts are counted.
 *
 * @param prices default: us-east-1
 * @throws MillraceError `INVALID_OPTION` for a workload that is none
 *
 * @example
 * const { usdPerMillionEvents, usdPerIdleMonth } = estimateCost(revenue.plan, { eventsPerSecond: 1_000, keys: 10_000 });
 */
export const estimateCost = (plan: Plan, options: WorkloadOptions, prices: Prices = usEast1): CostEstimate => {
  const workload = readWorkload(options);
  const traffic = trafficOf(plan, workload);
  const costs = ({ usd }: CostLine) => usd > 0;
  const perMillionEvents = busyLines(traffic, workload, prices).filter(costs);
  const perIdleMonth = idleLines(plan, traffic, workload, prices).filter(costs);
  return {
    pipeline: plan.pipeline,
    workload,
    prices: { region: prices.region, asOf: prices.asOf },
    perMillionEvents,
    usdPerMillionEvents: total(perMillionEvents),
    perIdleMonth,
    usdPerIdleMonth: total(perIdleMonth),
  };
};
