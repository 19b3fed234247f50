import { Duration } from 'aws-cdk-lib';
import { type Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, type IFilterPattern, type ILogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

/** What only a stage's log tells. */
export interface StageLogMetrics {
  /** Invocations that found records missing. */
  readonly gaps: Metric;
  /** Invocations that failed with what no retry mends: a decision, a setting or a restore is needed. */
  readonly blocked: Metric;
  /** Records, panes and timers that went to quarantine. */
  readonly rejected: Metric;
}

/**
 * Counts lines of a stage's log, of this stage and no other: what ends before it can measure anything is counted too.
 *
 * @param namespace of the metrics
 */
export const createLogMetrics = (
  scope: Construct,
  logs: ILogGroup,
  namespace: string,
  stage: string,
): StageLogMetrics => {
  const count = (name: string, filterPattern: IFilterPattern, metricValue = '1'): Metric =>
    new MetricFilter(scope, name, {
      logGroup: logs,
      metricNamespace: namespace,
      metricName: `${stage}-${name}`,
      filterPattern,
      metricValue,
    }).metric({ statistic: Stats.SUM, period: Duration.minutes(1) });
  const kind = (value: string) => FilterPattern.stringValue('$.errorKind', '=', value);
  return {
    gaps: count('Gaps', FilterPattern.stringValue('$.code', '=', 'GAP')),
    blocked: count('Blocked', FilterPattern.any(kind('operator'), kind('corrupt'), kind('configuration'))),
    rejected: count('Rejected', FilterPattern.numberValue('$.rejected', '>', 0), '$.rejected'),
  };
};
