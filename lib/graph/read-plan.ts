import type { Plan } from './plan.ts';
import { planHashOf } from './plan-pipeline.ts';

/** A plan as its document says it, or `undefined` for what is none, or was changed by hand. */
export const readPlan = (document: unknown): Plan | undefined => {
  if (typeof document !== 'object' || document === null) return undefined;
  const plan = document as Plan;
  return plan.formatVersion === 1 && plan.hash === planHashOf(plan) ? plan : undefined;
};
