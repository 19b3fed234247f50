/** The subpath `millrace/cdk`: pipelines as constructs of the AWS CDK. */

export type { PipelineResources } from './pipeline-resources.ts';
export type { PipelineStage } from './stage.ts';
export { StreamPipeline } from './stream-pipeline.ts';
export type { StageProps, StreamPipelineProps } from './stream-pipeline-props.ts';
