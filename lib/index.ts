/** The public surface of Millrace. Subpaths: `millrace/lambda`, `millrace/testing`, `millrace/local`, `millrace/cdk`. */

export type { Aggregator } from './aggregates/aggregator.ts';
export { avg } from './aggregates/avg.ts';
export { count } from './aggregates/count.ts';
export type { Ties, TiesOptions } from './aggregates/extreme-by.ts';
export { max } from './aggregates/max.ts';
export { maxBy } from './aggregates/max-by.ts';
export { min } from './aggregates/min.ts';
export { minBy } from './aggregates/min-by.ts';
export { sum } from './aggregates/sum.ts';
export { type DynamoSinkOptions, dynamoSink, type KeyField } from './connectors/dynamo-sink.ts';
export type { DeferredValue } from './connectors/http/header-values.ts';
export { type HttpSinkOptions, httpSink } from './connectors/http-sink.ts';
export { type KinesisSinkOptions, kinesisSink } from './connectors/kinesis-sink.ts';
export { type KinesisSourceOptions, kinesisSource } from './connectors/kinesis-source.ts';
export type { ObjectFormat } from './connectors/s3/object-parts.ts';
export { type S3SinkOptions, s3Sink } from './connectors/s3-sink.ts';
export type { Sink } from './connectors/sink.ts';
export type { Source } from './connectors/source.ts';
export type { Aggregation, SinkGuarantee, StartPosition } from './connectors/specs.ts';
export { type SqsSinkOptions, sqsSink } from './connectors/sqs-sink.ts';
export { days, hours, type Millis, milliseconds, minutes, seconds } from './core/duration.ts';
export { definePipeline, type PipelineScope } from './dsl/define-pipeline.ts';
export type { PipelineOptions } from './dsl/pipeline-options.ts';
export type {
  AggregateResults,
  ElementOf,
  IntervalJoinOptions,
  Joined,
  JoinedStream,
  KeyedStream,
  ReadonlyDeep,
  StoredOptions,
  Stream,
  WindowedStream,
  WindowOptions,
} from './dsl/stream.ts';
export type { ErrorCode, RejectionCode } from './errors/codes.ts';
export { type ErrorKind, MillraceError } from './errors/millrace-error.ts';
export { RetryableError, TerminalError } from './errors/user-errors.ts';
export type { Delivery, Key } from './graph/logical-graph.ts';
export type { Pipeline } from './graph/pipeline.ts';
export type { EdgePlan, OperatorPlan, Plan, SinkPlan, StagePlan } from './graph/plan.ts';
export { renderPlan } from './graph/render-plan.ts';
export type { HeldGuarantee } from './graph/sink-guarantee.ts';
export { type BoundedOutOfOrdernessOptions, boundedOutOfOrderness } from './time/bounded-out-of-orderness.ts';
export type { IdleShards, WatermarkStrategy } from './time/watermark-strategy.ts';
export { session } from './windows/session.ts';
export { sliding } from './windows/sliding.ts';
export { tumbling } from './windows/tumbling.ts';
export type { AlignedWindows, SessionWindows, Window, WindowAssigner } from './windows/window-assigner.ts';
export type { AlignedWindowOptions } from './windows/window-options.ts';
export type { Windowed } from './windows/windowed.ts';
