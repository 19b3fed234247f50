import { createHash } from 'node:crypto';
import type { SinkSpec } from '../connectors/specs.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import { describeOperator, webhookName } from './describe-operator.ts';
import { keyFieldTypeOf } from './key-field-type.ts';
import type { Delivery, KeyByNode, LogicalGraph, LogicalNode, SinkNode } from './logical-graph.ts';
import type { EdgePlan, OperatorPlan, Plan, SinkPlan, StagePlan } from './plan.ts';
import { guaranteeOf } from './sink-guarantee.ts';
import { assignStages, inputsOf, type StageAssignment, type StageEntry } from './stage-assignment.ts';

/**
 * Makes the physical plan of a pipeline. The same graph always gives the same document.
 *
 * - A stage starts at each source, at each keyBy, and at each table whose rows are not written where they are computed. Streams that
 *   are joined share a stage.
 * - It holds all that follows, up to the next cut; an operator without state that follows a union of two stages stands
 *   in both.
 *
 * @throws `INVALID_OPTION` for a table with a `streamKey` that is fed by an unkeyed stage
 */
export const planPipeline = (graph: LogicalGraph): Plan => {
  const assignment = assignStages(graph);
  const edges = assignment.entries.flatMap(({ id: stage }) =>
    (assignment.edgesInto.get(stage) ?? []).map((edge) => planEdge(edge, stage, graph, assignment)),
  );
  const document = {
    formatVersion: 1 as const,
    pipeline: graph.name,
    delivery: graph.delivery,
    partitions: graph.partitions,
    stages: assignment.entries.map((entry) => planStage(entry, graph, assignment, edges)),
    edges,
    sinks: [...graph.nodes.values()]
      .filter((node) => node.kind === 'sink')
      .map((node) => planSink(node, graph.delivery)),
  };
  return { ...document, hash: planHashOf(document) };
};

/** What tells plans apart. A hash in the document does not count. */
export const planHashOf = (document: Omit<Plan, 'hash'>): string =>
  createHash('sha256')
    .update(canonicalJson({ ...document, hash: undefined }))
    .digest('hex')
    .slice(0, 16);

const planEdge = (id: string, toStage: string, graph: LogicalGraph, { stagesOf }: StageAssignment): EdgePlan => {
  const { kind, input } = graph.nodes.get(id) as KeyByNode | SinkNode;
  const fromStages = stagesOf.get(input)!;
  return {
    id,
    by: kind === 'keyBy' ? 'key' : 'row-key',
    input,
    fromStages,
    toStage,
    combine: kind === 'keyBy' ? combinedWindowOf(id, fromStages, graph) : undefined,
  };
};

/**
 * The window whose aggregates are computed in part before the hop. Only where one window alone reads the edge: a
 * partial aggregate is of no use to another one, nor to a join. Not where a shard may be excluded from the watermark: its records could then be
 * late, and late records travel as they are.
 */
const combinedWindowOf = (edgeId: string, fromStages: readonly string[], graph: LogicalGraph): string | undefined => {
  const nodes = [...graph.nodes.values()];
  const [window, ...others] = nodes.filter((node) => inputsOf(node).includes(edgeId));
  if (window?.kind !== 'window' || others.length > 0) return undefined;
  if (!nodes.some((node) => node.kind === 'aggregate' && node.input === window.id)) return undefined;
  const excludes = fromStages.some((stageId) => {
    const entry = graph.nodes.get(stageId)!;
    return entry.kind === 'source' && entry.spec.watermarks.idle?.action === 'exclude';
  });
  return excludes ? undefined : window.id;
};

const planStage = (
  entry: StageEntry,
  graph: LogicalGraph,
  { stagesOf, edgesInto }: StageAssignment,
  edges: readonly EdgePlan[],
): StagePlan => {
  const nodes = [...graph.nodes.values()].filter((node) => stagesOf.get(node.id)!.includes(entry.id));
  const isHere = (id: string): boolean => stagesOf.get(id)!.includes(entry.id);
  return {
    id: entry.id,
    input:
      entry.kind === 'source'
        ? {
            kind: 'source',
            sourceId: entry.id,
            stream: entry.spec.stream,
            aggregation: entry.spec.aggregation,
            start: entry.spec.start,
          }
        : { kind: 'repartition', stream: `${graph.name}-${entry.id}`, edges: edgesInto.get(entry.id)! },
    operators: nodes.map((node) => planOperator(node, entry, isHere)),
    outputs: edges.filter((edge) => edge.fromStages.includes(entry.id)).map((edge) => edge.id),
    sinks: nodes.filter((node) => node.kind === 'sink').map((node) => node.id),
  };
};

const planOperator = (node: LogicalNode, entry: StageEntry, isHere: (id: string) => boolean): OperatorPlan => {
  // A keyBy is an edge, and stands in no stage.
  const kind = node.kind as OperatorPlan['kind'];
  const detail = describeOperator(node);
  const renamed = 'renamedFrom' in node && node.renamedFrom !== undefined ? { renamedFrom: node.renamedFrom } : {};
  const common = { id: node.id, kind, ...renamed };
  if (node.kind === 'sink' && node.id === entry.id) return { ...common, inputs: [node.id], detail };
  if (node.kind === 'window' || node.kind === 'intervalJoin') return { ...common, inputs: inputsOf(node), detail };
  return { ...common, inputs: inputsOf(node).filter(isHere), detail };
};

const planSink = ({ id, spec }: SinkNode, delivery: Delivery): SinkPlan => {
  const { kind } = spec;
  const common = { id, kind, target: targetOf(spec), guarantee: guaranteeOf(spec, delivery) };
  if (kind === 's3') return { ...common, objects: `${spec.prefix}*.${spec.format}`, key: [], keyTypes: [] };
  if (kind !== 'dynamo') return { ...common, key: [], keyTypes: [] };
  const keyTypes = spec.key.map((field) => {
    const type = keyFieldTypeOf(spec.schema, field).is;
    return type === 'string' || type === 'number' ? type : 'unknown';
  });
  return { ...common, key: spec.key, keyTypes };
};

const targetOf = (spec: SinkSpec): string => {
  switch (spec.kind) {
    case 'dynamo':
      return spec.table;
    case 'kinesis':
      return spec.stream;
    case 'sqs':
      return spec.queue;
    case 's3':
      return spec.bucket;
    case 'http':
      return webhookName(spec.url);
  }
};
