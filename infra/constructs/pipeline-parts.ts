import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Plan } from '../../lib/graph/plan.ts';
import type { PipelineResources } from './pipeline-resources.ts';
import type { PipelineStage } from './stage.ts';

/** What alarms and the dashboard look at. */
export interface PipelineParts {
  readonly plan: Plan;
  readonly resources: PipelineResources;
  readonly stages: ReadonlyMap<string, PipelineStage>;
  readonly failures: IQueue;
}
