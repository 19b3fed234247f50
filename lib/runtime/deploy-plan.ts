import { type Job, moveJob, ownerOf, readJob, tableOfAnotherJob } from '../commit/job.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import { comparePlans, type PlanComparison } from '../graph/compare-plans.ts';
import { firstEpoch } from '../graph/layout-plan.ts';
import type { Plan } from '../graph/plan.ts';
import { upgradeRefused } from '../graph/upgrade-refused.ts';
import type { ItemStore } from '../state/item-store.ts';

export interface DeployPlanOptions {
  /** Default 1. */
  readonly incarnation?: number;
  /** Ids whose stored state may be given up: see `comparePlans`. */
  readonly drop?: readonly string[];
  /** The plan that runs, for a job that was made by a release which did not keep it. */
  readonly previous?: Plan;
  /** Compare only. Default false. */
  readonly dryRun?: boolean;
}

export interface PlanDeployment {
  /**
   * - `new`: there is no job yet; the first container makes it.
   * - `current`: the plan runs already.
   * - `upgraded`: the plan runs from now on; containers of the one before are on their way out.
   * - `compatible`: it could (a dry run).
   */
  readonly outcome: 'new' | 'current' | 'upgraded' | 'compatible';
  /** The deployments so far, this one included. */
  readonly epoch: number;
  readonly comparison?: PlanComparison;
}

/**
 * Makes a plan the one that runs, if it can go on with the job's state: by one conditional put to the job item. Containers
 * take it from there: the first commit of a new one to a log ends the old ones on it. Going back to an earlier plan is a
 * deployment like any other.
 *
 * @throws MillraceError `UPGRADE_REFUSED` (operator) with what differs; `PLAN_MISMATCH`, `TABLE_OF_ANOTHER_JOB`,
 *   `STATE_FORMAT_NEWER` (configuration); `LOST_RACE`, `OUTCOME_UNKNOWN` (retryable)
 */
export const deployPlan = async (
  items: ItemStore,
  plan: Plan,
  options: DeployPlanOptions = {},
): Promise<PlanDeployment> => {
  const { incarnation = 1, drop, dryRun = false } = options;
  const owner = await ownerOf(items);
  if (owner !== undefined && owner !== plan.pipeline) throw tableOfAnotherJob(owner, plan.pipeline);
  const job = await readJob(items, plan.pipeline, incarnation);
  if (job === undefined) return { outcome: 'new', epoch: 1 };
  if (job.planHash === plan.hash) return { outcome: 'current', epoch: job.epoch };
  const known = withPlan(job, options.previous);
  const comparison = comparePlans(known.plan, plan, {
    epochs: known.epochs,
    ...(drop === undefined ? {} : { drop }),
  });
  if (!comparison.compatible) throw upgradeRefused(comparison.changes);
  if (dryRun) return { outcome: 'compatible', epoch: job.epoch, comparison };
  if (await moveJob(items, known, plan, comparison.next))
    return { outcome: 'upgraded', epoch: comparison.next.epoch, comparison };
  throw new MillraceError('retryable', 'LOST_RACE', `Another deployment of '${job.name}' was first.`, {
    fix: 'Look at which plan runs now, and deploy again if it is not yours.',
  });
};

const withPlan = (job: Job, previous: Plan | undefined): Job & { readonly plan: Plan } => {
  const plan = (job.plan ?? previous) as Plan | undefined;
  if (plan?.hash === job.planHash)
    return { ...job, plan, epochs: job.epochs.length > 0 ? job.epochs : [firstEpoch(plan, job.epoch)] };
  throw new MillraceError(
    'configuration',
    'PLAN_MISMATCH',
    plan === undefined
      ? `Job '${job.name}' runs plan ${job.planHash}, which an early release did not keep in the state table.`
      : `Job '${job.name}' runs plan ${job.planHash}; the plan given as the one before is ${plan.hash}.`,
    {
      fix: 'Print the plan of the code that runs with millrace plan FILE --json, and give it with --from.',
      fields: { stored: job.planHash, given: plan?.hash },
    },
  );
};
