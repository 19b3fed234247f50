import type { SinkSpec } from './specs.ts';

declare const accepts: unique symbol;

/**
 * A sink that takes records of type `T`, for `stream.sink(id, …)`. Made by {@link dynamoSink}, {@link kinesisSink},
 * {@link sqsSink}, {@link s3Sink} and {@link httpSink}.
 */
export interface Sink<in T> {
  readonly spec: SinkSpec;
  /** For the type-checker only: there is no such property. */
  readonly [accepts]?: (value: T) => void;
}
