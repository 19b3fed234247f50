import { invalidOption } from '../../../lib/core/check-options.ts';
import { comparePlans } from '../../../lib/graph/compare-plans.ts';
import type { Plan } from '../../../lib/graph/plan.ts';
import { readPlan } from '../../../lib/graph/read-plan.ts';
import { upgradeRefused } from '../../../lib/graph/upgrade-refused.ts';

/**
 * Refuses a plan that cannot go on with the state of the deployed one, before anything is deployed: `millrace upgrade` would refuse it
 * later, with the new functions waiting.
 *
 * @throws MillraceError `UPGRADE_REFUSED` (operator), `INVALID_OPTION` (definition)
 */
export const checkDeployedPlan = (plan: Plan, deployedPlan: unknown, drop: readonly string[] | undefined): void => {
  if (deployedPlan === undefined) return;
  const deployed = readPlan(deployedPlan);
  if (deployed === undefined)
    throw invalidOption(
      `StreamPipeline '${plan.pipeline}'`,
      "option 'deployedPlan' is no plan, or one that was changed by hand",
      'Give the document that millrace plan FILE --json printed when it was deployed.',
    );
  const { compatible, changes } = comparePlans(deployed, plan, drop === undefined ? {} : { drop });
  if (!compatible) throw upgradeRefused(changes);
};
