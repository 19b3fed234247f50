import type { MarkChange } from '../commit/commit.ts';
import type { ProducerMark } from '../commit/marks.ts';
import type { ChildUnit } from '../commit/outbox.ts';
import { MAX_WATERMARK_MS } from '../time/watermark-strategy.ts';

/** What is known of a child on one partition, which follows from its parents' marks there. */
type Entry = Omit<MarkChange, 'producer' | 'from' | 'to'>;

/**
 * The marks of a child on partitions `from … to`, one of whose parents has just been sealed there. Where all are, it goes on
 * from the largest of their numbers; before that, it only keeps the watermark from passing what it may begin with.
 */
export const bear = (
  child: ChildUnit,
  from: number,
  to: number,
  markOf: (unit: string) => ProducerMark | undefined,
): MarkChange[] => {
  const parents = child.parents.map(markOf);
  const changes: MarkChange[] = [];
  for (let lp = from; lp <= to; lp++) {
    const entry = entryAt(parents, lp);
    const last = changes.at(-1);
    if (last !== undefined && isSame(last, entry)) changes[changes.length - 1] = { ...last, to: lp };
    else changes.push({ producer: child.unit, from: lp, to: lp, ...entry });
  }
  return changes;
};

const entryAt = (parents: readonly (ProducerMark | undefined)[], lp: number): Entry => {
  const sealed = parents.filter((mark) => mark !== undefined).filter((mark) => mark.statusAt(lp) === 'sealed');
  const waitedFor = sealed.filter((mark) => mark.excluded[lp] === 0);
  const excluded = waitedFor.length === 0;
  return {
    status: sealed.length === parents.length ? 'active' : 'unborn',
    n: sealed.reduce((most, mark) => Math.max(most, mark.n[lp] as number), 0),
    watermarkMs: (excluded ? sealed : waitedFor).reduce(
      (least, mark) => Math.min(least, mark.watermarkMs[lp] as number),
      MAX_WATERMARK_MS,
    ),
    excluded,
  };
};

const isSame = (a: Entry, b: Entry): boolean =>
  a.n === b.n && a.watermarkMs === b.watermarkMs && a.excluded === b.excluded && a.status === b.status;
