import { Duration } from 'aws-cdk-lib';
import { Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';

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

/** A stage's own metric, as its functions write it in CloudWatch's embedded format. */
export const stageMetric = (
  pipeline: string,
  stage: string,
  metricName: StageMetricName,
  options: MetricOptions = {},
): Metric =>
  new Metric({
    namespace: 'Millrace',
    metricName,
    dimensionsMap: { service: pipeline, stage },
    statistic: statistics[metricName],
    period: Duration.minutes(1),
    ...options,
  });
