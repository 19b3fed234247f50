import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Plan } from '../../lib/graph/plan.ts';
import type { Deployment } from '../../lib/lambda/deployment.ts';

export interface PipelineOutputsProps {
  readonly plan: Plan;
  readonly deployment: Deployment;
  readonly failures: IQueue;
}

/** What commands ask for, as outputs of the stack: named after the pipeline's place in it, without a hash. */
export const createOutputs = (scope: Construct, { plan, deployment, failures }: PipelineOutputsProps): void => {
  const within = new Construct(scope, 'Outputs');
  const prefix = scope.node.path.slice(Stack.of(scope).node.path.length).replace(/[^a-zA-Z0-9]/g, '');
  const output = (name: string, description: string, value: string): void =>
    new CfnOutput(within, name, { description, value }).overrideLogicalId(`${prefix}${name}`);
  output('StateTable', `Of pipeline ${plan.pipeline}: the table of its state`, deployment.stateTable);
  output(
    'Deployment',
    `Of pipeline ${plan.pipeline}: for a file that millrace upgrade, quarantine, redrive and skip take as --deployment`,
    Stack.of(scope).toJsonString(deployment),
  );
  output('PlanHash', `Of pipeline ${plan.pipeline}: the plan that its functions were deployed with`, plan.hash);
  output('Failures', `Of pipeline ${plan.pipeline}: the queue of batches that AWS gave up`, failures.queueUrl);
};
