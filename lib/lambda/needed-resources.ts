import type { SinkSpec } from '../connectors/specs.ts';
import type { SinkNode } from '../graph/logical-graph.ts';
import type { Pipeline } from '../graph/pipeline.ts';

export interface NeededResource {
  readonly kind: 'streams' | 'tables' | 'queues' | 'buckets';
  readonly logical: string;
}

/**
 * What a stage has to find by name: every stage's stream, because the first container of any stage lists the shards of
 * all, and the targets of its own sinks.
 */
export const neededResources = (pipeline: Pipeline, stage: string): NeededResource[] => [
  ...pipeline.plan.stages.map(({ input }) => ({ kind: 'streams', logical: input.stream }) as const),
  ...sinksOf(pipeline, stage).flatMap(({ spec }) => targetOf(spec)),
];

const targetOf = (spec: SinkSpec): NeededResource[] => {
  switch (spec.kind) {
    case 'dynamo':
      return [{ kind: 'tables', logical: spec.table }];
    case 'kinesis':
      return [{ kind: 'streams', logical: spec.stream }];
    case 'sqs':
      return [{ kind: 'queues', logical: spec.queue }];
    case 's3':
      return [{ kind: 'buckets', logical: spec.bucket }];
    case 'http':
      return [];
  }
};

/** The sinks that a stage writes. */
export const sinksOf = (pipeline: Pipeline, stage: string): SinkNode[] => {
  const ids = pipeline.plan.stages.find(({ id }) => id === stage)?.sinks ?? [];
  return ids.map((id) => pipeline.graph.nodes.get(id) as SinkNode);
};
