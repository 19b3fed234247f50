import type { OperatorPlan, Plan } from '../graph/plan.ts';
import type { AlignedWindows, SessionWindows } from '../windows/window-assigner.ts';
import { sinkLines, stateLines } from './busy-lines.ts';
import { type CostLine, commitsOf, count, kilobytes, perMillion, sumOf, total } from './cost-line.ts';
import { distinctKeys, flowsOf } from './flow.ts';
import { type Prices, usEast1 } from './prices.ts';
import { trafficOf } from './stage-traffic.ts';
import { readWorkload, type Workload, type WorkloadOptions } from './workload.ts';

/** One way to keep aggregates by key in DynamoDB. */
export interface ComparedDesign {
  readonly design: string;
  readonly arithmetic: string;
  /** For a million events, DynamoDB alone. */
  readonly usd: number;
  readonly exactlyOnce: string;
}

/** A transaction writes each item for the price of two. */
const TRANSACTION_UNITS = 2;

/**
 * What DynamoDB costs for the aggregates of a pipeline, beside designs that keep each of them in an item of its own and update it where
 * it is. All other costs (stream, functions) are left out: those designs have them too. What they need beyond it for late records and for
 * firing windows is left out as well.
 *
 * @returns nothing for a plan without aggregates
 * @throws MillraceError `INVALID_OPTION` for a workload that is none
 */
export const compareDesigns = (
  plan: Plan,
  options: WorkloadOptions,
  prices: Prices = usEast1,
): readonly ComparedDesign[] => {
  const workload = readWorkload(options);
  const updates = updatesOf(plan, workload);
  if (updates === 0) return [];
  const { millionWriteUnits: price } = prices.dynamo;
  const design = (name: string, units: number, how: string, exactlyOnce: string): ComparedDesign => ({
    design: name,
    arithmetic: `${how} = ${count(units)} write units × $${price} / M`,
    usd: (units / 1e6) * price,
    exactlyOnce,
  });
  const perRecord = perMillion(updates, workload);
  const itemUnits = kilobytes(workload.rowBytes);
  const batched = batchedUpdates(plan, workload, updates);
  return [
    design('UpdateItem for each record', perRecord * itemUnits, `${count(perRecord)} × ${itemUnits}`, 'no'),
    design(
      'idempotency record (put, then completed) and UpdateItem for each record',
      perRecord * (2 + itemUnits),
      `${count(perRecord)} × (1 + 1 + ${itemUnits})`,
      'no: a crash between the two',
    ),
    design(
      'transaction of UpdateItem and a marker for each record',
      perRecord * TRANSACTION_UNITS * (itemUnits + 1),
      `${count(perRecord)} × ${TRANSACTION_UNITS} × (${itemUnits} + 1)`,
      'yes, while the markers are kept',
    ),
    design(
      'UpdateItem for each key of a batch',
      batched * itemUnits,
      `${count(batched)} × ${itemUnits}`,
      'only with a position in each item',
    ),
    ...ours(plan, workload, prices),
  ];
};

/** The items of the other designs are what readers look at, which here are the rows of a table: shown without and with them. */
const ours = (plan: Plan, workload: Workload, prices: Prices): readonly ComparedDesign[] => {
  const traffic = trafficOf(plan, workload);
  const ofDynamo = (lines: readonly CostLine[]) =>
    lines.filter(({ service, usd }) => service === 'DynamoDB' && usd > 0);
  const state = ofDynamo(stateLines(traffic, workload, prices));
  const rows = ofDynamo(sinkLines(traffic, workload, prices));
  const design = (name: string, lines: readonly CostLine[]): ComparedDesign => ({
    design: name,
    arithmetic: lines.map(({ what, usd }) => `${what} $${usd.toFixed(4)}`).join(' + '),
    usd: total(lines),
    exactlyOnce: 'yes',
  });
  return [
    design('Millrace: state', state),
    ...(rows.length === 0 ? [] : [design('Millrace: state, and the rows of its tables', [...state, ...rows])]),
  ];
};

const aggregatesOf = ({ stages }: Plan): readonly { readonly input: string; readonly panes: number }[] => {
  const operators = stages.flatMap((stage) => stage.operators);
  const windows = operators.filter(({ kind }) => kind === 'window');
  return operators.flatMap(({ kind, inputs }) => {
    const window = windows.find(({ id }) => id === inputs[0]);
    return kind === 'aggregate' && window !== undefined ? [{ input: window.id, panes: panesOf(window) }] : [];
  });
};

/** Windows that a record belongs to. */
const panesOf = ({ detail }: OperatorPlan): number => {
  const assigner = detail.assigner as AlignedWindows | SessionWindows;
  return assigner.kind === 'session' ? 1 : assigner.sizeMs / assigner.slideMs;
};

/** Aggregates that records change in a second, one by one. */
const updatesOf = (plan: Plan, workload: Workload): number => {
  const flows = flowsOf(plan, workload.eventsPerSecond, workload.keys);
  return sumOf(aggregatesOf(plan), ({ input, panes }) => (flows.get(input) ?? 0) * panes);
};

/** The same for a million events, where each batch adds up what it has of a key first, and a key is on one shard. */
const batchedUpdates = (plan: Plan, workload: Workload, updates: number): number => {
  const sources = trafficOf(plan, workload).filter(({ isSource }) => isSource);
  const perRecord = updates / workload.eventsPerSecond;
  return perMillion(
    sumOf(sources, (one) => commitsOf(one) * distinctKeys(workload.keys / one.shards, one.rowsPerCommit) * perRecord),
    workload,
  );
};
