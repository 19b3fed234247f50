import { definitionError } from '../errors/millrace-error.ts';
import type { LogicalNode } from './logical-graph.ts';
import { inputsOf } from './stage-assignment.ts';

/**
 * Checks that every branch ends in a sink, which only a complete definition shows, and leaves out late streams that
 * nobody reads.
 *
 * @throws `PIPELINE_WITHOUT_SINK`, `WINDOW_WITHOUT_AGGREGATE`, `KEY_WITHOUT_WINDOW`, `INVALID_OPTION`
 */
export const checkGraph = (
  pipeline: string,
  nodes: ReadonlyMap<string, LogicalNode>,
): ReadonlyMap<string, LogicalNode> => {
  const read = new Set([...nodes.values()].flatMap(inputsOf));
  const kept = new Map([...nodes].filter(([id, node]) => node.kind !== 'late' || read.has(id)));
  const used = new Set([...kept.values()].flatMap(inputsOf));
  for (const node of kept.values()) checkIsUsed(node, used);
  checkRenames(kept);
  if (kept.size > 0) return kept;
  throw withoutSink(`Pipeline '${pipeline}' is empty: it has neither a source nor a sink.`, { pipeline });
};

const withoutSink = (problem: string, fields: Record<string, unknown>) =>
  definitionError(
    'PIPELINE_WITHOUT_SINK',
    `${problem} Allowed are streams that end in a sink.`,
    "End the stream with sink('some-id', dynamoSink({ … })) or kinesisSink({ … }), or remove the branch.",
    fields,
  );

/** An old id is one operator's: whoever else had it would take its state away, or share it. */
const checkRenames = (nodes: ReadonlyMap<string, LogicalNode>): void => {
  const taken = new Map([...nodes.keys()].map((id) => [id, `'${id}' is an operator of the pipeline`]));
  for (const node of nodes.values()) {
    if (!('renamedFrom' in node) || node.renamedFrom === undefined) continue;
    const problem = taken.get(node.renamedFrom);
    if (problem !== undefined) {
      throw definitionError(
        'INVALID_OPTION',
        `operator '${node.id}': option 'renamedFrom' is '${node.renamedFrom}', but ${problem}. Allowed is an id that no operator has any more.`,
        "Remove 'renamedFrom', or name the operator's own old id.",
        { operator: node.id, option: 'renamedFrom', value: node.renamedFrom },
      );
    }
    taken.set(node.renamedFrom, `'${node.id}' is renamed from it already`);
  }
};

const checkIsUsed = (node: LogicalNode, used: ReadonlySet<string>): void => {
  if (used.has(node.id) || node.kind === 'sink') return;
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
      `operator '${node.id}': the keyed stream has neither a window nor a join: its records would be sent through a stream for nothing.`,
      "Add window('some-id', tumbling(…)) or intervalJoin('some-id', other, { … }), or remove the keyBy.",
      { operator: node.id },
    );
  }
  throw withoutSink(
    `operator '${node.id}': the ${node.kind} has no sink after it, so its results would be thrown away.`,
    {
      operator: node.id,
    },
  );
};
