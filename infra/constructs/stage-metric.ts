import { Duration } from 'aws-cdk-lib';
import { Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';

const statistics = {
  Records: Stats.SUM,
  Commits: Stats.SUM,
  RejectedRecords: Stats.SUM,
  RepublishedCommits: Stats.SUM,
  LostRaces: Stats.SUM,
  UnsentRows: Stats.SUM,
  PayloadBytes: Stats.SUM,
  IteratorAge: Stats.MAXIMUM,
  WatermarkLag: Stats.MAXIMUM,
} as const;

/** The metrics that each invocation writes: `lib/observability/invocation-report.ts`. */
export type StageMetricName = keyof typeof statistics;

/** What tells a stage's metrics from those of all others. The state table belongs to one deployment of one pipeline. */
export interface MeasuredStage {
  readonly pipeline: string;
  readonly stage: string;
  readonly stateTable: ITable;
}

/** A stage's own metric, as its functions write it in CloudWatch's embedded format. */
export const stageMetric = (
  { pipeline, stage, stateTable }: MeasuredStage,
  metricName: StageMetricName,
  options: MetricOptions = {},
): Metric =>
  new Metric({
    namespace: 'Millrace',
    metricName,
    dimensionsMap: { service: pipeline, stage, deployment: stateTable.tableName },
    statistic: statistics[metricName],
    period: Duration.minutes(1),
    ...options,
  });
