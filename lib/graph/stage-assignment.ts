import type { DynamoSinkSpec } from '../connectors/specs.ts';
import { definitionError } from '../errors/millrace-error.ts';
import { joinedKeys } from './joined-keys.ts';
import type { KeyByNode, LogicalGraph, LogicalNode, SinkNode, SourceNode } from './logical-graph.ts';
import { orderStages } from './order-stages.ts';

/**
 * What begins a stage: a source, a repartition by key, or one by row key in front of a table. Of several keyBys whose
 * streams are joined it is the first one.
 */
export type StageEntry = SourceNode | KeyByNode | SinkNode;

/** Which stages each operator runs in. */
export interface StageAssignment {
  /** Senders before receivers, otherwise in the order of definition. */
  readonly entries: readonly StageEntry[];
  /** Stage ids by operator id, in the order of definition. A keyBy is in none: it is the edge between stages. */
  readonly stagesOf: ReadonlyMap<string, readonly string[]>;
  /** Ids of the edges into each stage that is no source's, in the order of definition. */
  readonly edgesInto: ReadonlyMap<string, readonly string[]>;
}

/** Ids of a node's inputs. */
export const inputsOf = (node: LogicalNode): readonly string[] => {
  switch (node.kind) {
    case 'source':
      return [];
    case 'union':
      return node.inputs;
    case 'intervalJoin':
      return node.left === node.right ? [node.left] : [node.left, node.right];
    default:
      return [node.input];
  }
};

/** Cuts the graph into stages: each is the forward closure of its entry, up to the next cut. */
export const assignStages = (graph: LogicalGraph): StageAssignment => {
  const entries: StageEntry[] = [];
  const stagesOf = new Map<string, readonly string[]>();
  const edgesInto = new Map<string, string[]>();
  const stageOfKey = joinedKeys(graph.nodes.values());
  const feeding = (node: LogicalNode): readonly string[] => {
    const ids = new Set(inputsOf(node).flatMap((input) => stagesOf.get(input) ?? []));
    return entries.map((entry) => entry.id).filter((id) => ids.has(id));
  };
  for (const node of graph.nodes.values()) {
    if (node.kind === 'source') {
      entries.push(node);
      stagesOf.set(node.id, [node.id]);
    } else if (node.kind === 'keyBy') {
      const stage = stageOfKey.get(node.id) ?? node.id;
      if (stage === node.id) entries.push(node);
      edgesInto.set(stage, [...(edgesInto.get(stage) ?? []), node.id]);
      stagesOf.set(node.id, []);
    } else if (node.kind === 'window' || node.kind === 'intervalJoin') {
      const [keyBy] = inputsOf(node) as readonly [string];
      stagesOf.set(node.id, [stageOfKey.get(keyBy) ?? keyBy]);
    } else if (node.kind === 'sink' && !isWrittenInPlace(node, entriesOf(feeding(node), graph))) {
      entries.push(node);
      edgesInto.set(node.id, [node.id]);
      stagesOf.set(node.id, [node.id]);
    } else {
      stagesOf.set(node.id, feeding(node));
    }
  }
  checkTables(graph, stagesOf);
  checkFolders(graph);
  return { entries: orderStages(graph, entries, stagesOf, edgesInto), stagesOf, edgesInto };
};

/** Rows are fenced by the number of the commit that wrote them, and two stages number their commits apart. */
const checkTables = (graph: LogicalGraph, stagesOf: ReadonlyMap<string, readonly string[]>): void => {
  const writers = new Map<string, SinkNode>();
  for (const node of graph.nodes.values()) {
    if (node.kind !== 'sink' || node.spec.kind !== 'dynamo') continue;
    const { table } = node.spec;
    const other = writers.get(table) ?? node;
    writers.set(table, other);
    if (stagesOf.get(other.id)![0] === stagesOf.get(node.id)![0]) continue;
    throw definitionError(
      'INVALID_OPTION',
      `operator '${node.id}': the table '${table}' is written by '${other.id}' already, in another stage. Allowed is one stage for a table: only then is it known which write to a row is the newer one.`,
      `Write to two tables, or union() the two streams in front of one sink.`,
      { operator: node.id, table, other: other.id },
    );
  }
};

/** A folder lists its objects in the order of commits, and a sink has it for itself. */
const checkFolders = (graph: LogicalGraph): void => {
  const writers = new Map<string, string>();
  for (const { id, ...node } of graph.nodes.values()) {
    if (node.kind !== 'sink' || node.spec.kind !== 's3') continue;
    const folder = `${node.spec.bucket}/${node.spec.prefix}`;
    const other = writers.get(folder);
    writers.set(folder, id);
    if (other === undefined) continue;
    throw definitionError(
      'INVALID_OPTION',
      `operator '${id}': the sink '${other}' writes to ${folder} already. Allowed is one sink for a prefix of a bucket.`,
      "Give one of the two another 'prefix', or union() the two streams in front of one sink.",
      { operator: id, folder, other },
    );
  }
};

const entriesOf = (stageIds: readonly string[], graph: LogicalGraph): readonly LogicalNode[] =>
  stageIds.map((id) => graph.nodes.get(id)!);

/** Whether the stage that computes a sink's rows also writes them. */
const isWrittenInPlace = (node: SinkNode, feeders: readonly LogicalNode[]): boolean => {
  if (node.spec.kind !== 'dynamo') return true;
  if (node.spec.streamKey === undefined) return false;
  const unkeyed = feeders.find((feeder) => feeder.kind === 'source');
  if (unkeyed !== undefined) throw streamWithoutKey(node.id, node.spec, unkeyed.id);
  // Rows of one key from two stages: two logs would write one row.
  return feeders.length === 1;
};

const streamWithoutKey = (id: string, spec: DynamoSinkSpec, source: string) =>
  definitionError(
    'INVALID_OPTION',
    `operator '${id}': option 'streamKey' is '${spec.streamKey}', but the stream has no key: it comes from source '${source}' without a keyBy.`,
    "Remove 'streamKey': the rows are then repartitioned by row key.",
    { operator: id, option: 'streamKey', source },
  );
