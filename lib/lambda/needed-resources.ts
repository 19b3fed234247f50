import type { SinkNode } from '../graph/logical-graph.ts';
import type { Pipeline } from '../graph/pipeline.ts';

export interface NeededResource {
  readonly kind: 'streams' | 'tables';
  readonly logical: string;
}

/**
 * What a stage has to find by name: every stage's stream, because the first container of any stage lists the shards of
 * all, and the targets of its own sinks.
 */
export const neededResources = (pipeline: Pipeline, stage: string): NeededResource[] => [
  ...pipeline.plan.stages.map(({ input }) => ({ kind: 'streams', logical: input.stream }) as const),
  ...sinksOf(pipeline, stage).map(({ spec }) =>
    spec.kind === 'dynamo'
      ? ({ kind: 'tables', logical: spec.table } as const)
      : ({ kind: 'streams', logical: spec.stream } as const),
  ),
];

/** The sinks that a stage writes. */
export const sinksOf = (pipeline: Pipeline, stage: string): SinkNode[] => {
  const ids = pipeline.plan.stages.find(({ id }) => id === stage)?.sinks ?? [];
  return ids.map((id) => pipeline.graph.nodes.get(id) as SinkNode);
};
