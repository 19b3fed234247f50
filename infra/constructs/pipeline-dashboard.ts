import {
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  Metric,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { PipelineParts } from './pipeline-parts.ts';
import type { PipelineStage } from './stage.ts';
import { type StageMetricName, stageMetric } from './stage-metric.ts';

const half = { width: 12, height: 6 };

/** A pipeline at a glance: a row for what flows, one for what waits, one for what fails, one for what it takes. */
export const createDashboard = (scope: Construct, pipeline: PipelineParts): Dashboard =>
  new Dashboard(scope, 'Dashboard', { widgets: rowsOf(pipeline) });

const rowsOf = (pipeline: PipelineParts): IWidget[][] => {
  const { plan, resources } = pipeline;
  const stages = [...pipeline.stages.values()];
  const ofStages = (metricOf: (stage: PipelineStage) => IMetric): IMetric[] => stages.map(metricOf);
  const label = ({ stage }: PipelineStage) => ({ label: stage.id });
  const own = (name: StageMetricName): IMetric[] =>
    stages.map((stage) =>
      stageMetric(
        { pipeline: plan.pipeline, stage: stage.stage.id, stateTable: resources.stateTable },
        name,
        label(stage),
      ),
    );
  const graph = (title: string, left: IMetric[], right: IMetric[] = []): GraphWidget =>
    new GraphWidget({ title, left, right, ...half });
  const { tableName: TableName } = resources.stateTable;
  const units = (metricName: string) =>
    new Metric({ namespace: 'AWS/DynamoDB', metricName, dimensionsMap: { TableName }, statistic: Stats.SUM });
  return [
    [new TextWidget({ markdown: `# ${plan.pipeline}\nplan ${plan.hash}, ${plan.delivery}`, width: 24, height: 2 })],
    [graph('Records committed', own('Records')), graph('Commits', own('Commits'))],
    [
      graph(
        'Iterator age, ms',
        ofStages(({ stage, function: lambda }) =>
          lambda.metric('IteratorAge', { statistic: Stats.MAXIMUM, label: stage.id }),
        ),
      ),
      graph('Watermark lag, ms', own('WatermarkLag')),
    ],
    [
      graph(
        'Errors (left), throttles (right)',
        ofStages((stage) => stage.function.metricErrors(label(stage))),
        ofStages((stage) => stage.function.metricThrottles(label(stage))),
      ),
      graph(
        'Quarantined (left), missing or waiting for a decision (right)',
        ofStages((stage) => stage.logMetrics.rejected.with(label(stage))),
        stages.flatMap(({ stage, logMetrics }) => [
          logMetrics.gaps.with({ label: `${stage.id}: gaps` }),
          logMetrics.blocked.with({ label: `${stage.id}: waits` }),
        ]),
      ),
    ],
    [
      graph(
        'Duration, ms',
        ofStages((stage) => stage.function.metricDuration({ ...label(stage), statistic: Stats.percentile(99) })),
      ),
      graph(
        'State table: units (left), failed conditions (right)',
        [units('ConsumedWriteCapacityUnits'), units('ConsumedReadCapacityUnits')],
        [units('ConditionalCheckFailedRequests')],
      ),
    ],
  ];
};
