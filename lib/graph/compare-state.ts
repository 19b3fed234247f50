import { canonicalJson } from '../core/canonical-json.ts';
import type { AccumulatorLayout, JobEpoch, Named, StageLayout, TableLayout } from '../state/state-layout.ts';
import type { StagePlan } from './plan.ts';
import { added, fine, type PlanChange, refused } from './plan-change.ts';
import { renderAssigner, renderJoin, renderMs } from './render-plan.ts';

export interface StateComparison {
  /** The stage in the new plan. */
  readonly stage: StagePlan;
  readonly before: StageLayout;
  readonly after: StageLayout;
  readonly epochs: readonly JobEpoch[];
  /** Says what becomes of something that is stored and has no operator any more. */
  readonly drop: (id: string, what: string) => PlanChange;
}

/** What becomes of a stage's tables, accumulators and outputs to sinks. */
export const compareState = (comparison: StateComparison): PlanChange[] => [
  ...compareNamed(kindOf, comparison, comparison.before.tables, comparison.after.tables, compareTable),
  ...compareNamed(
    () => 'sink',
    comparison,
    comparison.before.sinks,
    comparison.after.sinks,
    () => [],
  ),
];

const kindOf = ({ join }: TableLayout): string => (join === undefined ? 'window' : 'join');

const compareNamed = <T extends Named>(
  kindOf: (named: T) => string,
  comparison: StateComparison,
  before: readonly T[],
  after: readonly T[],
  compare: (comparison: StateComparison, before: T, after: T) => readonly PlanChange[],
): PlanChange[] => [
  ...before
    .filter((old) => !after.some(({ state }) => state === old.state))
    .map((old) => comparison.drop(old.id, `${kindOf(old)} '${old.id}'`)),
  ...after.flatMap((now) => {
    const what = `${kindOf(now)} '${now.id}'`;
    const old = before.find(({ state }) => state === now.state);
    if (old === undefined) return [added(what)];
    const renamed = old.id === now.id ? [] : [fine(what, `renamed from '${old.id}'`)];
    return [...renamed, ...compare(comparison, old, now)];
  }),
];

const compareTable = (comparison: StateComparison, before: TableLayout, after: TableLayout): readonly PlanChange[] => {
  if (kindOf(before) !== kindOf(after) || after.join !== undefined) return compareJoin(before, after);
  return [
    ...compareWindow(before, after),
    ...compareNamed(() => 'aggregate', comparison, before.accumulators, after.accumulators, compareAccumulator),
  ];
};

/** What the old bounds have let go is missing to wider ones, and the other side's records are not this side's. */
const compareJoin = (before: TableLayout, after: TableLayout): PlanChange[] => {
  const what = `${kindOf(after)} '${after.id}'`;
  const [then, now] = [before.join ?? {}, after.join ?? {}];
  const gathers = then.waiting === undefined && now.waiting !== undefined;
  if (canonicalJson(gathers ? { ...then, waiting: now.waiting } : then) === canonicalJson(now)) {
    return gathers ? [fine(what, 'an entry a record → lists of records; what waits is read on')] : [];
  }
  return [
    refused(
      what,
      `${renderTable(before)} → ${renderTable(after)}`,
      'the records that are stored were kept for the old one',
      'Put it back, or give it a new id and drop the old one: it begins empty.',
    ),
  ];
};

const renderTable = ({ join, window }: TableLayout): string =>
  join === undefined ? renderAssigner(window) : renderJoin(join);

/** Whoever cut or kept panes in another way would find some of them missing, or in parts. */
const compareWindow = ({ window: before = {} }: TableLayout, { id, window: after = {} }: TableLayout): PlanChange[] => {
  const shares = before.slices === undefined && after.slices !== undefined;
  const refuse = (from: string, to: string, why: string): PlanChange[] =>
    from === to
      ? []
      : [
          refused(
            `window '${id}'`,
            `${from} → ${to}`,
            why,
            'Put it back, or give the window a new id and drop the old one: it begins with empty panes.',
          ),
        ];
  return [
    ...(shares ? [fine(`window '${id}'`, 'panes → shared slices; panes that are open are read on')] : []),
    ...refuse(renderAssigner(before), renderAssigner(after), 'the panes that are stored were cut by the old window'),
    ...refuse(
      `allowed lateness ${renderMs(before.allowedLatenessMs)}`,
      `allowed lateness ${renderMs(after.allowedLatenessMs)}`,
      'panes that the old lateness has closed are gone, and the new one would begin some of them again',
    ),
  ];
};

/** Every form that the state may still hold has to be read: old entries are converted when they are next written. */
const compareAccumulator = (
  { stage, epochs }: StateComparison,
  before: AccumulatorLayout,
  after: AccumulatorLayout,
): readonly PlanChange[] => {
  const reads = readsOf(stage, after.id);
  // By the deployment that wrote it last.
  const held = new Map(
    epochs.flatMap(({ epoch, layout }) =>
      (layout[stage.id]?.tables ?? []).flatMap(({ accumulators }) =>
        accumulators.flatMap(({ state, type }) => (state === after.state ? [[type, epoch] as const] : [])),
      ),
    ),
  );
  const unread = [...held.keys()].filter((type) => type !== after.type && !reads.includes(type));
  const what = `aggregate '${after.id}'`;
  return [
    ...(before.type === after.type
      ? []
      : unread.includes(before.type)
        ? []
        : [fine(what, `${before.type} → ${after.type}, by its upcast`)]),
    ...unread.map((type) =>
      refused(
        what,
        `${type} → ${after.type}`,
        `epoch ${held.get(type)} of the job has stored accumulators of ${type}, and some may still lie there; the new aggregate reads ${[after.type, ...reads].join(', ')}`,
        `Give it an upcast for '${type}', or put it back. To do without, give the aggregate a new name and drop the old one: it begins empty.`,
      ),
    ),
  ];
};

const readsOf = (stage: StagePlan, accumulator: string): readonly string[] => {
  const [operator = '', name = ''] = splitId(accumulator);
  const reads = stage.operators.find(({ id }) => id === operator)?.detail.reads as Record<string, string[]> | undefined;
  return reads?.[name] ?? [];
};

/** An operator's id has no dot; what aggregates are called may have. */
const splitId = (id: string): readonly [string, string] => {
  const dot = id.indexOf('.');
  return [id.slice(0, dot), id.slice(dot + 1)];
};
