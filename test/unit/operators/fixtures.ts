import {
  type Aggregation,
  boundedOutOfOrderness,
  definePipeline,
  type IdleShards,
  kinesisSink,
  kinesisSource,
  type Pipeline,
  type PipelineOptions,
  type PipelineScope,
  type Stream,
  seconds,
} from 'millrace';
import { createPipelineTestDriver, type PipelineTestDriver, type PipelineTestDriverOptions } from 'millrace/testing';
import * as z from 'zod';

export const Event = z.object({
  key: z.union([z.string(), z.number(), z.boolean()]).default('a'),
  v: z.number().default(0),
  at: z.int(),
});
export type Event = z.output<typeof Event>;

/** An event of key 'a'. */
export const at = (atMs: number, v = 0): Event => ({ key: 'a', v, at: atMs });
export const of = (key: Event['key'], atMs: number, v = 0): Event => ({ key, v, at: atMs });

/** A source whose watermark stays one millisecond behind the newest event. */
export const events = (stream = 'events', idle?: IdleShards, aggregation: Aggregation = 'none') =>
  kinesisSource({
    stream,
    aggregation,
    schema: Event,
    eventTimeMs: (event) => event.at,
    watermarks: boundedOutOfOrderness(seconds(0), idle && { idle }),
  });

/** A sink that takes whatever JSON it is given. */
export const anything = (stream = 'out') => kinesisSink({ stream, schema: z.unknown(), partitionKey: () => 'all' });

export const pipelineOf = (
  define: (stream: Stream<Event>, p: PipelineScope) => void,
  options: PipelineOptions = {},
): Pipeline => definePipeline('test', options, (p) => define(p.source('events', events()), p));

/** A driver for a pipeline over the source `events`. */
export const driverOf = (
  define: (stream: Stream<Event>, p: PipelineScope) => void,
  options: PipelineTestDriverOptions = {},
): PipelineTestDriver => createPipelineTestDriver(pipelineOf(define), options);

/** A fired pane in short: `a [0,60) {"n":1}`, times in seconds. */
export const short = (panes: readonly unknown[]): string[] =>
  (panes as { key: unknown; window: { startMs: number; endMs: number }; value: unknown }[]).map(
    ({ key, window, value }) =>
      `${key} [${window.startMs / 1_000},${window.endMs / 1_000}) ${JSON.stringify(value).replaceAll('"', '')}`,
  );
