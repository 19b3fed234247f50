import type { OperatorPlan, Plan } from '../graph/plan.ts';
import type { AlignedWindows, SessionWindows } from '../windows/window-assigner.ts';

/** What an operator passes on in a second: records, and how many different keys they have. */
interface Flow {
  readonly perSecond: number;
  readonly keys: number;
}

/**
 * Different keys among so many records, where each record has any key with the same chance.
 * @see {@link https://en.wikipedia.org/wiki/Coupon_collector%27s_problem}
 */
export const distinctKeys = (keys: number, records: number): number => keys * (1 - Math.exp(-records / keys));

/**
 * Records that leave each operator in a second. What a filter drops and a `flatMap` adds is not in the plan: all records pass,
 * once.
 */
export const flowsOf = (plan: Plan, eventsPerSecond: number, keys: number): ReadonlyMap<string, number> => {
  const operators = new Map(plan.stages.flatMap(({ operators }) => operators.map((one) => [one.id, one] as const)));
  const edges = new Map(plan.edges.map((edge) => [edge.id, edge.input]));
  const sources = [...operators.values()].filter(({ kind }) => kind === 'source').length;
  const known = new Map<string, Flow>();
  const flowOf = (id: string): Flow => {
    const before = known.get(id);
    if (before !== undefined) return before;
    const operator = operators.get(edges.get(id) ?? id) as OperatorPlan;
    const into = operator.inputs.map(flowOf);
    const inflow = { perSecond: into.reduce((sum, { perSecond }) => sum + perSecond, 0), keys };
    const flow =
      operator.kind === 'source'
        ? { perSecond: eventsPerSecond / sources, keys }
        : operator.kind === 'intervalJoin'
          ? { perSecond: pairsPerSecond(operator, into), keys }
          : passedOn(operator, inflow, operators);
    known.set(id, flow);
    return flow;
  };
  return new Map([...operators.keys()].map((id) => [id, flowOf(id).perSecond]));
};

/** Each record of one side, with those of the other whose times fit: of its key there are as many as of any other. */
const pairsPerSecond = ({ detail }: OperatorPlan, [left, right = left]: readonly Flow[]): number => {
  if (left === undefined || right === undefined) return 0;
  const spanMs = (detail.upperMs as number) - (detail.lowerMs as number) + 1;
  return (left.perSecond * right.perSecond * (spanMs / 1_000)) / left.keys;
};

const passedOn = (operator: OperatorPlan, inflow: Flow, operators: ReadonlyMap<string, OperatorPlan>): Flow => {
  if (operator.kind === 'late') return { ...inflow, perSecond: 0 };
  if (operator.kind !== 'aggregate') return inflow;
  const window = operators.get(operator.inputs[0] ?? '');
  return window?.kind === 'window' ? { ...inflow, perSecond: panesPerSecond(window, inflow) } : inflow;
};

/** Panes that are fired in a second: one for each key that had a record in the window. */
const panesPerSecond = ({ detail }: OperatorPlan, { perSecond, keys }: Flow): number => {
  const assigner = detail.assigner as AlignedWindows | SessionWindows;
  const [sizeMs, everyMs] =
    assigner.kind === 'session' ? [assigner.gapMs, assigner.gapMs] : [assigner.sizeMs, assigner.slideMs];
  return distinctKeys(keys, (perSecond * sizeMs) / 1_000) / (everyMs / 1_000);
};
