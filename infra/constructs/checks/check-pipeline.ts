import type { Construct } from 'constructs';
import type { StreamPipelineProps } from '../stream-pipeline-props.ts';
import { checkDeployedPlan } from './check-deployed-plan.ts';
import { checkGiven } from './check-given.ts';
import { checkNames } from './check-names.ts';
import { checkPlaces } from './check-places.ts';
import { checkRegion } from './check-region.ts';
import { checkSinks } from './check-sinks.ts';
import { checkStreams } from './check-streams.ts';

/**
 * What the plan and the properties tell before anything is made.
 *
 * @throws MillraceError `NAME_COLLISION`, `SINK_CANNOT_HOLD_GUARANTEE`, `TABLE_SHAPE` (configuration), `UPGRADE_REFUSED` (operator),
 *   `INVALID_OPTION` (definition)
 */
export const checkPipeline = (scope: Construct, props: StreamPipelineProps): void => {
  const { plan } = props.pipeline;
  checkNames(props);
  checkGiven(plan.pipeline, props);
  checkRegion(scope);
  checkPlaces(scope, plan.pipeline, props);
  checkStreams(plan.pipeline, props);
  checkDeployedPlan(plan, props.deployedPlan, props.drop);
  checkSinks(plan, props);
};
