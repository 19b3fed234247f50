import { canonicalJson } from '../core/canonical-json.ts';
import type { JobEpoch } from '../state/state-layout.ts';
import { compareReads } from './compare-reads.ts';
import { compareState } from './compare-state.ts';
import { firstEpoch, nextEpoch } from './layout-plan.ts';
import type { OperatorPlan, Plan, StagePlan } from './plan.ts';
import { fine, fromTo, type PlanChange, refused, show } from './plan-change.ts';
import { targetName } from './target-name.ts';

/** What to compare with, besides the plans. */
export interface ComparisonOptions {
  /**
   * Windows, joins, aggregates (an operator, or one of its results as `<operator>.<name>`) and sinks whose stored state may be given up, because the new plan does not have
   * them any more. Without being named here they are refused.
   */
  readonly drop?: readonly string[];
  /** The deployments so far, ascending, the one that runs last. Default: the plan that runs is the first. */
  readonly epochs?: readonly JobEpoch[];
}

/** Whether a plan can go on with the state of another one, and what becomes of it. */
export interface PlanComparison {
  /** Nothing is refused. */
  readonly compatible: boolean;
  readonly changes: readonly PlanChange[];
  /** The epoch that a deployment would begin. */
  readonly next: JobEpoch;
}

/**
 * Compares the plan that runs with the one that is to run, before anything runs. Functions are not part of a plan: whether a
 * changed key function or an aggregate of the same version fits what is stored is the user's to know.
 *
 * @example
 * const { compatible, changes } = comparePlans(deployed, revenue.plan);
 */
export const comparePlans = (before: Plan, after: Plan, options: ComparisonOptions = {}): PlanComparison => {
  const { epochs = [firstEpoch(before)], drop = [] } = options;
  const next = nextEpoch(epochs, after);
  const current = epochs.at(-1) as JobEpoch;
  const isRollback = epochs.some(({ planHash }) => planHash === after.hash);
  const dropped = new Set<string>();
  const dropState = (id: string, what: string): PlanChange => {
    if (isRollback) return { effect: 'dropped', what, change: 'not in the plan that is gone back to' };
    const asked = drop.find((name) => name === id || id.startsWith(`${name}.`));
    if (asked === undefined)
      return refused(
        what,
        'removed',
        'what is stored for it would be lost',
        `If that is what you want, drop '${id}'. If it has another id now, say so by renamedFrom: '${id}'.`,
      );
    dropped.add(asked);
    return { effect: 'dropped', what, change: 'removed' };
  };
  const changes = [
    ...compareJob(before, after),
    ...compareStages(before, after),
    ...compareEdges(before, after),
    ...after.stages.flatMap((stage) => {
      const [old, now] = [current.layout[stage.id], next.layout[stage.id]];
      if (old === undefined || now === undefined) return [];
      return compareState({ stage, before: old, after: now, epochs, drop: dropState });
    }),
    ...compareSinks(before, after),
    ...compareOperators(before, after),
    ...compareReads(before, after),
    ...drop
      .filter((id) => !dropped.has(id) && !isRollback)
      .map((id) =>
        refused(`drop '${id}'`, 'nothing', 'nothing of this id is dropped', 'Name only what the new plan leaves out.'),
      ),
  ];
  // Whoever is told of no change deploys without an upgrade, and another hash would not run.
  if (changes.length === 0 && before.hash !== after.hash)
    changes.push(fine('plan', `${before.hash} → ${after.hash}, in what nothing stored depends on`));
  return { compatible: changes.every(({ effect }) => effect !== 'refused'), changes, next };
};

const compareJob = (before: Plan, after: Plan): PlanChange[] => [
  ...(before.pipeline === after.pipeline
    ? []
    : [
        refused(
          'pipeline',
          fromTo(before.pipeline, after.pipeline),
          'the name is part of the names of all that is stored',
          'Put the name back.',
        ),
      ]),
  ...(before.partitions === after.partitions
    ? []
    : [
        refused(
          'partitions',
          fromTo(before.partitions, after.partitions),
          'state is stored by partition, and each would have other keys',
          'Put the number back.',
        ),
      ]),
  ...(before.delivery === after.delivery ? [] : [fine('delivery', fromTo(before.delivery, after.delivery))]),
];

const stagesAreFixed =
  'Stages and the hops between them are fixed while a pipeline keeps its state. Put it back; for another branch define a pipeline of its own.';

const compareStages = (before: Plan, after: Plan): PlanChange[] => [
  ...before.stages
    .filter(({ id }) => !after.stages.some((stage) => stage.id === id))
    .map(({ id }) =>
      refused(`stage '${id}'`, 'removed', 'its log and its stream are named by this id', stagesAreFixed),
    ),
  ...after.stages.flatMap((stage) => {
    const what = `stage '${stage.id}'`;
    const old = before.stages.find(({ id }) => id === stage.id);
    if (old === undefined)
      return [
        refused(what, 'new', 'stages before it would begin to send to it in the middle of their logs', stagesAreFixed),
      ];
    if (old.input.kind === stage.input.kind && old.input.stream === stage.input.stream)
      return compareArrivals(what, edgesOf(old), edgesOf(stage));
    return [
      refused(
        what,
        `reads ${show(old.input.stream)} → ${show(stage.input.stream)}`,
        'its position belongs to the old stream',
        'Put the stream back, or give the source a new id in a pipeline of its own.',
      ),
    ];
  }),
];

const edgesOf = ({ input }: StagePlan): readonly string[] => (input.kind === 'repartition' ? input.edges : []);

const compareArrivals = (what: string, before: readonly string[], after: readonly string[]): PlanChange[] =>
  canonicalJson(before) === canonicalJson(after)
    ? []
    : [
        refused(
          what,
          `takes ${fromTo(before.join(', '), after.join(', '))}`,
          'rows that are under way name their hop by its place among these, and only known senders are waited for',
          'Define the same keyBys, joined as before and in the order that they had. For another join define a keyBy of its own, in a pipeline of its own.',
        ),
      ];

const compareEdges = (before: Plan, after: Plan): PlanChange[] =>
  after.edges.flatMap((edge) => {
    const old = before.edges.find(({ id }) => id === edge.id);
    if (old === undefined) return [];
    const what = `hop '${edge.id}'`;
    const changes: PlanChange[] = [];
    if (old.by !== edge.by || canonicalJson(old.fromStages) !== canonicalJson(edge.fromStages)) {
      changes.push(
        refused(
          what,
          fromTo({ by: old.by, from: old.fromStages }, { by: edge.by, from: edge.fromStages }),
          'its receivers wait for those senders whom they have known from the beginning',
          stagesAreFixed,
        ),
      );
    }
    if (old.combine !== edge.combine) changes.push(fine(what, `combined for ${fromTo(old.combine, edge.combine)}`));
    return changes;
  });

const compareSinks = (before: Plan, after: Plan): PlanChange[] => {
  const stageOf = (plan: Plan, sink: string) => plan.stages.find(({ sinks }) => sinks.includes(sink))?.id;
  return after.sinks.flatMap((sink) => {
    const renamedFrom = operatorsOf(after).get(sink.id)?.renamedFrom;
    const old = before.sinks.find(({ id }) => id === sink.id) ?? before.sinks.find(({ id }) => id === renamedFrom);
    const what = `sink '${sink.id}'`;
    if (old !== undefined && targetName(old) !== targetName(sink))
      return [
        refused(
          what,
          `${targetName(old)} → ${targetName(sink)}`,
          'rows for the old target may be committed and not written yet',
          'Give the sink a new id and drop the old one.',
        ),
      ];
    const writer = before.sinks.find(
      ({ kind, target }) => kind === 'dynamo' && sink.kind === kind && target === sink.target,
    );
    const [from, to] = [writer && stageOf(before, writer.id), stageOf(after, sink.id)];
    if (writer === undefined || from === to) return [];
    return [
      refused(
        what,
        `written by stage ${fromTo(from, to)}`,
        'rows of a table are fenced by the number of the commit that wrote them, and stages count apart',
        'Leave it where it is, or write to another table.',
      ),
    ];
  });
};

/** Kinds whose changes are judged by what they store. */
const stored: ReadonlySet<OperatorPlan['kind']> = new Set(['window', 'aggregate', 'intervalJoin', 'sink']);

const compareOperators = (before: Plan, after: Plan): PlanChange[] => {
  const [old, now] = [operatorsOf(before), operatorsOf(after)];
  return [
    ...[...old.values()]
      .filter(({ id, kind }) => !stored.has(kind) && !now.has(id))
      .map(({ id, kind }) => fine(`${kind} '${id}'`, 'removed')),
    ...[...now.values()].flatMap((operator) => {
      const { id, kind, detail } = operator;
      const known = old.get(id);
      const what = `${kind} '${id}'`;
      if (stored.has(kind)) return [];
      if (known === undefined) return [fine(what, 'new')];
      if (canonicalJson(known.detail) === canonicalJson(detail)) return [];
      if (isExcluding(known) && !isExcluding(operator))
        return [
          refused(
            what,
            'idle shards are no longer excluded',
            'a shard that was not waited for may be behind what its receivers have closed',
            "Put idle: { action: 'exclude' } back.",
          ),
        ];
      return [fine(what, fromTo(known.detail, detail))];
    }),
  ];
};

const isExcluding = ({ detail }: OperatorPlan): boolean =>
  (detail.idle as { readonly action?: string } | undefined)?.action === 'exclude';

const operatorsOf = (plan: Plan): ReadonlyMap<string, OperatorPlan> =>
  new Map(plan.stages.flatMap(({ operators }) => operators).map((operator) => [operator.id, operator]));
