import type { PlanComparison } from './compare-plans.ts';
import type { PlanChange } from './plan-change.ts';

const heads: readonly (readonly [PlanChange['effect'], string])[] = [
  ['refused', 'refused'],
  ['dropped', 'dropped, with what is stored'],
  ['added', 'new, and empty at first'],
  ['fine', 'changed, and goes on'],
];

/**
 * A comparison as text for people: what is refused first, with why and what to do.
 *
 * @example
 * console.log(renderComparison(comparePlans(deployed, revenue.plan)))
 */
export const renderComparison = ({ compatible, changes }: PlanComparison): string => {
  const groups = heads.flatMap(([effect, head]) => {
    const lines = changes.filter((change) => change.effect === effect).flatMap(renderChange);
    return lines.length === 0 ? [] : [[head, ...lines].join('\n')];
  });
  const verdict = compatible ? 'the new plan goes on with the state of the old one' : 'the new plan cannot go on';
  return [...(changes.length === 0 ? ['nothing differs that a plan knows of'] : groups), verdict].join('\n\n');
};

const renderChange = ({ what, change, why, fix }: PlanChange): string[] => [
  `  ${what}: ${change}`,
  ...(why === undefined ? [] : [`    because ${why}`]),
  ...(fix === undefined ? [] : [`    fix: ${fix}`]),
];
