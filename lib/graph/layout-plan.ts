import type { AccumulatorLayout, JobEpoch, JobLayout, Named, StageLayout, TableLayout } from '../state/state-layout.ts';
import type { OperatorPlan, Plan, StagePlan } from './plan.ts';

/** The epoch that a job begins with. */
export const firstEpoch = (plan: Plan, epoch = 1): JobEpoch => ({
  epoch,
  planHash: plan.hash,
  layout: layOut(plan, (_stage, { id }) => `${id}@${epoch}`),
});

/**
 * The epoch of a plan that is deployed after others. What had the same id, or is said to be renamed from it, goes on; a plan
 * that was deployed before goes on with what it had then.
 *
 * @param epochs at least one, ascending
 */
export const nextEpoch = (epochs: readonly JobEpoch[], plan: Plan): JobEpoch => {
  const current = epochs.at(-1) as JobEpoch;
  const epoch = current.epoch + 1;
  const earlier = epochs.findLast(({ planHash }) => planHash === plan.hash);
  if (earlier !== undefined) return { ...earlier, epoch };
  const layout = layOut(plan, (stage, named) => {
    const known = namesOf(current.layout[stage]);
    const found = known.get(named.id) ?? (named.renamedFrom === undefined ? undefined : known.get(named.renamedFrom));
    return found ?? `${named.id}@${epoch}`;
  });
  return { epoch, planHash: plan.hash, layout };
};

interface Renamed {
  readonly id: string;
  readonly renamedFrom: string | undefined;
}

const layOut = (plan: Plan, stateOf: (stage: string, named: Renamed) => string): JobLayout =>
  Object.fromEntries(
    plan.stages.map((stage): [string, StageLayout] => {
      const named = (id: string, renamedFrom: string | undefined): Named => ({
        id,
        state: stateOf(stage.id, { id, renamedFrom }),
      });
      const keepers = stage.operators.filter(keepsTable);
      const combine = plan.edges.find(({ toStage }) => toStage === stage.id)?.combine;
      const combined = keepers.findIndex(({ id }) => id === combine);
      return [
        stage.id,
        {
          tables: keepers.map(
            (keeper): TableLayout => ({ ...named(keeper.id, keeper.renamedFrom), ...contentOf(stage, keeper, named) }),
          ),
          ...(combined === -1 ? {} : { combined }),
          sinks: stage.sinks.map((id) => named(id, stage.operators.find((sink) => sink.id === id)?.renamedFrom)),
        },
      ];
    }),
  );

/** Operators with a table of keyed state. Their order in the stage is that of the tables. */
export const keepsTable = ({ kind }: OperatorPlan): boolean => kind === 'window' || kind === 'intervalJoin';

const contentOf = (
  stage: StagePlan,
  keeper: OperatorPlan,
  named: (id: string, renamedFrom: string | undefined) => Named,
): Omit<TableLayout, keyof Named> => {
  if (keeper.kind === 'intervalJoin') return { join: keeper.detail, accumulators: [] };
  const { assigner, ...rest } = keeper.detail as { readonly assigner: Record<string, unknown> };
  return { window: { ...assigner, ...rest }, accumulators: accumulatorsOf(stage, keeper, named) };
};

const accumulatorsOf = (
  stage: StagePlan,
  window: OperatorPlan,
  named: (id: string, renamedFrom: string | undefined) => Named,
): AccumulatorLayout[] =>
  stage.operators
    .filter(({ kind, inputs }) => kind === 'aggregate' && inputs.includes(window.id))
    .flatMap(({ id, renamedFrom, detail }) => {
      const { aggregates, order } = detail as {
        aggregates: Readonly<Record<string, string>>;
        order?: readonly string[];
      };
      return (order ?? Object.keys(aggregates)).map((name) => {
        const type = aggregates[name] as string;
        return {
          ...named(`${id}.${name}`, renamedFrom === undefined ? undefined : `${renamedFrom}.${name}`),
          type: type.includes('@') ? type : `${type}@1`,
        };
      });
    });

const namesOf = (layout: StageLayout | undefined): ReadonlyMap<string, string> =>
  new Map(
    [...(layout?.tables ?? []).flatMap((table) => [table, ...table.accumulators]), ...(layout?.sinks ?? [])].map(
      ({ id, state }) => [id, state],
    ),
  );
