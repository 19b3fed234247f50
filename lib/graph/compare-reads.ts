import type { Plan } from './plan.ts';
import { fine, type PlanChange } from './plan-change.ts';

/** Which other forms an aggregate reads, where its own is as it was. What is left out and still needed is refused elsewhere. */
export const compareReads = (before: Plan, after: Plan): PlanChange[] => {
  const [old, now] = [aggregatesOf(before), aggregatesOf(after)];
  return [...now].flatMap(([id, { type, reads }]) => {
    const known = old.get(id);
    const more = reads.filter((other) => known?.reads.includes(other) === false);
    return known?.type === type && more.length > 0 ? [fine(`aggregate '${id}'`, `reads ${more.join(', ')} too`)] : [];
  });
};

interface AggregateDetail {
  readonly aggregates: Readonly<Record<string, string>>;
  readonly reads?: Readonly<Record<string, readonly string[]>>;
}

/** By operator and name: its own form, and the others that it reads. */
const aggregatesOf = (plan: Plan): ReadonlyMap<string, { readonly type: string; readonly reads: readonly string[] }> =>
  new Map(
    plan.stages
      .flatMap(({ operators }) => operators)
      .filter(({ kind }) => kind === 'aggregate')
      .flatMap(({ id, detail }) => {
        const { aggregates, reads } = detail as unknown as AggregateDetail;
        return Object.entries(aggregates).map(
          ([name, type]) => [`${id}.${name}`, { type, reads: reads?.[name] ?? [] }] as const,
        );
      }),
  );
