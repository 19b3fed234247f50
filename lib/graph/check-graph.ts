import { definitionError } from '../errors/millrace-error.ts';
import type { LogicalNode } from './logical-graph.ts';
import { inputsOf } from './stage-assignment.ts';

/**
 * Checks what can be told only when a definition is complete, and leaves out late streams that nobody reads.
 *
 * @throws `PIPELINE_WITHOUT_SINK`, `WINDOW_WITHOUT_AGGREGATE`, `KEY_WITHOUT_WINDOW`
 */
export const checkGraph = (
  pipeline: string,
  nodes: ReadonlyMap<string, LogicalNode>,
): ReadonlyMap<string, LogicalNode> => {
  const read = new Set([...nodes.values()].flatMap(inputsOf));
  const kept = new Map([...nodes].filter(([id, node]) => node.kind !== 'late' || read.has(id)));
  const used = new Set([...kept.values()].flatMap(inputsOf));
  for (const node of kept.values()) checkIsUsed(node, used);
  if ([...kept.values()].some((node) => node.kind === 'sink')) return kept;
  throw definitionError(
    'PIPELINE_WITHOUT_SINK',
    `Pipeline '${pipeline}' has no sink: nothing would come of it.`,
    "End a stream with sink('some-id', dynamoSink({ … })) or kinesisSink({ … }).",
    { pipeline, operators: [...kept.keys()] },
  );
};

const checkIsUsed = (node: LogicalNode, used: ReadonlySet<string>): void => {
  if (used.has(node.id)) return;
  if (node.kind === 'window') {
    throw definitionError(
      'WINDOW_WITHOUT_AGGREGATE',
      `operator '${node.id}': the window has neither an aggregate nor a reader of its late records.`,
      "Add aggregate('some-id', { … }), or remove the window.",
      { operator: node.id },
    );
  }
  if (node.kind === 'keyBy') {
    throw definitionError(
      'KEY_WITHOUT_WINDOW',
      `operator '${node.id}': the keyed stream has no window: its records would be sent through a stream for nothing.`,
      "Add window('some-id', tumbling(…)), or remove the keyBy.",
      { operator: node.id },
    );
  }
};
