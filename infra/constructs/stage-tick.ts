import { Duration } from 'aws-cdk-lib';
import { Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { IVersion } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { checkNumber } from './checks/check-number.ts';

export interface StageTickProps {
  readonly pipeline: string;
  readonly stage: string;
  readonly interval: Duration;
  readonly target: IVersion;
}

/** What EventBridge takes, and what is of use. */
const tickRange = { least: 1, most: 1_440, unit: 'minutes' };

/**
 * Tells a stage the time on a schedule: see `lambdaHandler`. A rule for each stage, since one rule has five targets at most. A tick
 * that cannot be delivered is dropped: the next one says more.
 */
export const createStageTick = (scope: Construct, { pipeline, stage, interval, target }: StageTickProps): Rule => {
  if (!interval.isUnresolved())
    checkNumber(`stage '${stage}'`, 'tickInterval', interval.toMinutes({ integral: false }), tickRange);
  return new Rule(scope, 'Tick', {
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
};
