import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IAlarmAction,
  type IMetric,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IStream } from 'aws-cdk-lib/aws-kinesis';
import { Construct } from 'constructs';
import { hopsOf } from './create-resources.ts';
import type { PipelineParts } from './pipeline-parts.ts';
import type { PipelineStage } from './stage.ts';

export interface PipelineAlarmsProps {
  readonly pipeline: PipelineParts;
  readonly actions: readonly IAlarmAction[];
  /** Failed conditions of the state table in five minutes. */
  readonly lostRaces: number;
}

interface Watch {
  readonly id: string;
  readonly metric: IMetric;
  /** Breached above it. */
  readonly above: number;
  /** Periods in a row. Default 1. */
  readonly periods?: number;
  /** What it means, and what to do. */
  readonly says: string;
}

const fiveMinutes = { period: Duration.minutes(5) };

/** Whoever is woken by one of these has something to do. A stage that nothing flows through is quiet, not alarming. */
export class PipelineAlarms extends Construct {
  readonly all: readonly Alarm[];

  constructor(scope: Construct, id: string, { pipeline, actions, lostRaces }: PipelineAlarmsProps) {
    super(scope, id);
    const watch = (within: Construct, { id: name, metric, above, periods = 1, says }: Watch): Alarm => {
      const alarm = new Alarm(within, name, {
        metric,
        threshold: above,
        comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluationPeriods: periods,
        treatMissingData: TreatMissingData.NOT_BREACHING,
        alarmDescription: says,
      });
      alarm.addAlarmAction(...actions);
      return alarm;
    };
    const stages = [...pipeline.stages.values()].flatMap((stage) => {
      const within = new Construct(this, stage.stage.id);
      return stageWatches(pipeline.plan.pipeline, stage).map((each) => watch(within, each));
    });
    this.all = [...stages, ...pipelineWatches(pipeline, lostRaces).map((each) => watch(this, each))];
  }
}

const stageWatches = (pipeline: string, { stage, function: lambda, logMetrics, retention }: PipelineStage): Watch[] => {
  const name = `Stage ${stage.id} of pipeline ${pipeline}`;
  return [
    {
      id: 'IteratorAge',
      metric: lambda.metric('IteratorAge', { statistic: Stats.MAXIMUM, period: Duration.minutes(1) }),
      above: retention.toMilliseconds() / 2,
      periods: 3,
      says: `${name} is behind by half of what its stream keeps. What is older than that is lost: find out what it waits for, or keep records longer.`,
    },
    {
      id: 'Gap',
      metric: logMetrics.gaps,
      above: 0,
      says: `${name} misses records and waits (GAP). See docs/failures.md: make the mapping anew from before them, or decide with millrace skip.`,
    },
    {
      id: 'Blocked',
      metric: logMetrics.blocked,
      above: 0,
      periods: 3,
      says: `${name} waits for somebody: no retry mends what it fails with. Its log has the code and what to do.`,
    },
    {
      id: 'Quarantine',
      metric: logMetrics.rejected.with(fiveMinutes),
      above: 0,
      says: `${name} has put records into quarantine: millrace quarantine list, then redrive.`,
    },
    {
      id: 'Errors',
      metric: lambda.metricErrors(fiveMinutes),
      above: 0,
      periods: 3,
      says: `${name} has failed for a quarter of an hour. Batches are tried again until they pass.`,
    },
    {
      id: 'Throttles',
      metric: lambda.metricThrottles(fiveMinutes),
      above: 0,
      periods: 3,
      says: `${name} is not invoked as often as it should: the account's concurrency is used up.`,
    },
  ];
};

const pipelineWatches = ({ plan, resources, failures }: PipelineParts, lostRaces: number): Watch[] => {
  const name = `Pipeline ${plan.pipeline}`;
  return [
    {
      id: 'FailedConditions',
      metric: tableMetric(resources.stateTable, 'ConditionalCheckFailedRequests'),
      above: lostRaces,
      periods: 3,
      says: `${name}: commits keep losing against other containers. Look for a second mapping or a timeout that cuts invocations off.`,
    },
    ...['ReadThrottleEvents', 'WriteThrottleEvents'].map((metric) => ({
      id: `State${metric}`,
      metric: tableMetric(resources.stateTable, metric),
      above: 0,
      periods: 3,
      says: `${name}: DynamoDB throttles the state table.`,
    })),
    ...hopsOf(plan).map((stream) => ({
      id: `WriteThrottled-${stream}`,
      metric: streamMetric(resources.streams.get(stream) as IStream, 'WriteProvisionedThroughputExceeded'),
      above: 0,
      periods: 3,
      says: `${name}: stream ${stream} takes no more. Give it more shards.`,
    })),
    {
      id: 'GivenUp',
      metric: failures.metricApproximateNumberOfMessagesVisible(fiveMinutes),
      above: 0,
      says: `${name}: AWS gave up a batch, which its queue of failures describes. Records are missing where it was.`,
    },
  ];
};

const tableMetric = ({ tableName: TableName }: ITable, metricName: string): Metric =>
  new Metric({
    namespace: 'AWS/DynamoDB',
    metricName,
    dimensionsMap: { TableName },
    statistic: Stats.SUM,
    ...fiveMinutes,
  });

const streamMetric = ({ streamName: StreamName }: IStream, metricName: string): Metric =>
  new Metric({
    namespace: 'AWS/Kinesis',
    metricName,
    dimensionsMap: { StreamName },
    statistic: Stats.SUM,
    ...fiveMinutes,
  });
