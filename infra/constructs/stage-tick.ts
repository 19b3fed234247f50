import { Duration } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { IVersion } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

export interface StageTickProps {
  readonly pipeline: string;
  readonly stage: string;
  readonly interval: Duration;
  readonly target: IVersion;
}

/**
 * Tells a stage the time on a schedule: see `lambdaHandler`. A rule for each stage, since one rule has five targets at most. A tick
 * that cannot be delivered is dropped: the next one says more.
 */
export const createStageTick = (scope: Construct, { pipeline, stage, interval, target }: StageTickProps): Rule =>
  new Rule(scope, 'Tick', {
    description: `Tells stage ${stage} of pipeline ${pipeline} the time`,
    schedule: Schedule.rate(interval),
    targets: [
      new LambdaTarget(target, {
        event: RuleTargetInput.fromObject({ millrace: 'tick' }),
        retryAttempts: 0,
        maxEventAge: Duration.seconds(60),
      }),
    ],
  });
