import type { Source } from '../connectors/source.ts';
import { invalidOption } from '../core/check-options.ts';
import { checkGraph } from '../graph/check-graph.ts';
import type { LogicalGraph } from '../graph/logical-graph.ts';
import type { Pipeline } from '../graph/pipeline.ts';
import { planPipeline } from '../graph/plan-pipeline.ts';
import { checkFunction, checkIsSource } from './check-arguments.ts';
import { checkPipelineName } from './check-names.ts';
import { GraphBuilder } from './graph-builder.ts';
import { type PipelineOptions, readPipelineOptions } from './pipeline-options.ts';
import type { Stream } from './stream.ts';
import { UnkeyedStream } from './typed-streams.ts';

/** What a pipeline's definition starts from. */
export interface PipelineScope {
  /**
   * A stream of a source's records.
   *
   * @example
   * p.source('orders', kinesisSource({ stream: 'orders', schema: Order, eventTimeMs: (order) => order.at, watermarks }))
   */
  source<T>(id: string, source: Source<T>): Stream<T>;
}

/**
 * Defines a pipeline: runs `define` once, checks what it built and makes the plan. It reads and writes nothing, so a file that
 * exports a pipeline may be imported anywhere.
 *
 * @param name part of the names of streams and functions, and of the state's keys: 1 to 63 letters, digits and hyphens
 * @param options see {@link PipelineOptions}; `{}` for the defaults
 * @param define builds the streams from `p.source(…)` to their sinks. Not async.
 * @throws a `MillraceError` of kind `definition` that names the operator, the value given, what is allowed and the fix
 *
 * @example
 * export default definePipeline('clicks', {}, (p) => {
 *   p.source('clicks', kinesisSource({ stream: 'clicks', schema: Click, eventTimeMs: (click) => click.at,
 *       watermarks: boundedOutOfOrderness(seconds(5)) }))
 *     .keyBy('by-page', (click) => click.page)
 *     .window('minute', tumbling(minutes(1)))
 *     .aggregate('totals', { clicks: count() })
 *     .map('row', ({ key, window, value }) => ({ page: key, minute: window.startMs, ...value }))
 *     .sink('table', dynamoSink({ table: 'clicks', schema: Row, key: ['page', 'minute'], streamKey: 'page' }));
 * });
 */
export const definePipeline = (
  name: string,
  options: PipelineOptions,
  define: (p: PipelineScope) => void,
): Pipeline => {
  checkPipelineName(name);
  const settings = readPipelineOptions(name, options);
  checkFunction(`pipeline '${name}'`, 'the definition', define);
  const builder = new GraphBuilder(name, settings.delivery);
  const answer: unknown = define({ source: (id, source) => addSource(builder, id, source) });
  if (answer instanceof Promise) throw asyncDefinition(name, answer);
  const graph: LogicalGraph = { name, ...settings, nodes: checkGraph(name, builder.seal()) };
  return { name, graph, plan: planPipeline(graph) };
};

const addSource = <T>(builder: GraphBuilder, id: string, source: Source<T>): Stream<T> => {
  checkIsSource(builder.begin(id), source);
  builder.append({ id, kind: 'source', spec: source.spec });
  return new UnkeyedStream({ builder, id, crossing: source.spec.schema });
};

const asyncDefinition = (name: string, answer: Promise<unknown>) => {
  // What it still throws after this error would otherwise end the process.
  answer.catch(() => undefined);
  return invalidOption(
    `pipeline '${name}'`,
    'the definition is an async function; allowed is one that returns when all streams are built',
    'Remove async, and load what it waits for before definePipeline.',
  );
};
