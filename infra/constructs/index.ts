/** The subpath `millrace/cdk`: pipelines as constructs of the AWS CDK. */

export type { Deployment } from '../../lib/lambda/deployment.ts';
export type { ExpectedWorkload } from './expected-workload.ts';
export type { StreamPipelineAttributes } from './imported-pipeline.ts';
export type { BlobStore, PipelineResources } from './pipeline-resources.ts';
export type { PipelineStage } from './stage.ts';
export type { StageLogMetrics } from './stage-log-metrics.ts';
export type { StageMetricName } from './stage-metric.ts';
export { StreamPipeline } from './stream-pipeline.ts';
export type { IStreamPipeline } from './stream-pipeline-base.ts';
export type { FilterPattern, StageProps, StreamPipelineProps } from './stream-pipeline-props.ts';
export { synthApp } from './synth-app.ts';
