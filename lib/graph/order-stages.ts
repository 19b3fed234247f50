import { invalidOption } from '../core/check-options.ts';
import type { KeyByNode, LogicalGraph, SinkNode } from './logical-graph.ts';

/**
 * Senders before receivers. The order of definition is such an order already, unless a stream that is joined comes from a
 * stage that was defined after the stream it is joined with.
 *
 * @throws `INVALID_OPTION` where a stage would have to wait for itself
 */
export const orderStages = <E extends { readonly id: string }>(
  graph: LogicalGraph,
  entries: readonly E[],
  stagesOf: ReadonlyMap<string, readonly string[]>,
  edgesInto: ReadonlyMap<string, readonly string[]>,
): readonly E[] => {
  const sendersOf = (stage: string): readonly string[] =>
    (edgesInto.get(stage) ?? []).flatMap((edge) => stagesOf.get(inputOf(graph, edge)) ?? []);
  const ordered: E[] = [];
  for (const left = new Set(entries); left.size > 0; ) {
    const waiting = new Set([...left].map(({ id }) => id));
    const next = [...left].find(({ id }) => !sendersOf(id).some((sender) => waiting.has(sender)));
    if (next === undefined) throw circle(graph, [...waiting], edgesInto, sendersOf);
    left.delete(next);
    ordered.push(next);
  }
  return ordered;
};

const inputOf = (graph: LogicalGraph, edge: string): string => (graph.nodes.get(edge) as KeyByNode | SinkNode).input;

const circle = (
  graph: LogicalGraph,
  waiting: readonly string[],
  edgesInto: ReadonlyMap<string, readonly string[]>,
  sendersOf: (stage: string) => readonly string[],
) => {
  // Whoever waits and is not in the circle waits for somebody in it: going back leads there.
  let stage = waiting[0] as string;
  const seen = new Set<string>();
  while (!seen.has(stage)) {
    seen.add(stage);
    stage = sendersOf(stage).find((sender) => waiting.includes(sender)) as string;
  }
  const join = [...graph.nodes.values()].find(
    (node) => node.kind === 'intervalJoin' && (edgesInto.get(stage) ?? []).includes(node.left),
  );
  return invalidOption(
    `operator '${join?.id ?? stage}'`,
    `it joins streams of which one is made from the other behind its keyBy, so that their stage '${stage}' would wait for its own results; allowed are streams that do not need what the join's keyBys bring together`,
    `Give the join a keyBy of its own on the stream that ${(edgesInto.get(stage) ?? []).map((edge) => `'${edge}'`).join(' or ')} has for the other results.`,
  );
};
