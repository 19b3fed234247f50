import type { StreamPort } from '../../connectors/stream-port.ts';
import type { Pipeline } from '../../graph/pipeline.ts';
import type { ItemStore } from '../../state/item-store.ts';
import type { PackLines } from './pack-lines.ts';

/** What a bounded run works on: where its streams and its state are. */
export interface RunEngine {
  readonly items: ItemStore;
  readonly streams: StreamPort;
  readonly pack: PackLines;
  /** Whether the sources have to take apart what {@link pack} put together. */
  readonly packed: boolean;
  createStreams(names: readonly string[], shards: number): Promise<void>;
  /** Every record there is was processed, and may go. */
  forget(): void;
  stop(): Promise<void>;
}

/** The stream that a source's lines are put into. A name of its own each: two sources may read one stream. */
const inputStream = (source: string): string => `input-${source}`;

/** Streams by source, of a pipeline that {@link reading} made. */
export const streamsOf = (pipeline: Pipeline): ReadonlyMap<string, string> =>
  new Map(
    pipeline.plan.stages.flatMap(({ input }) => (input.kind === 'source' ? [[input.sourceId, input.stream]] : [])),
  );

/**
 * The pipeline as a bounded run reads it: the same operators, with sources that read the runner's streams and the form
 * that its lines were packed in.
 */
export const reading = (pipeline: Pipeline, packed: boolean): Pipeline => {
  const aggregation = packed ? 'kinesis-aggregation' : 'none';
  const nodes = new Map(
    [...pipeline.graph.nodes].map(([id, node]) => [
      id,
      node.kind === 'source' ? { ...node, spec: { ...node.spec, aggregation } as const } : node,
    ]),
  );
  const stages = pipeline.plan.stages.map((stage) =>
    stage.input.kind === 'source'
      ? { ...stage, input: { ...stage.input, stream: inputStream(stage.input.sourceId), aggregation } as const }
      : stage,
  );
  return { ...pipeline, graph: { ...pipeline.graph, nodes }, plan: { ...pipeline.plan, stages } };
};
