import type { LogicalNode } from './logical-graph.ts';

/**
 * The stage of each keyBy that is joined with others, directly or by way of a third: one stage, since a key's records have to
 * arrive through one stream. It is named by the first of them.
 */
export const joinedKeys = (nodes: Iterable<LogicalNode>): ReadonlyMap<string, string> => {
  const all = [...nodes];
  const order = new Map(all.map(({ id }, i) => [id, i]));
  const stageOf = new Map<string, string>();
  for (const node of all) {
    if (node.kind !== 'intervalJoin') continue;
    const stages = [node.left, node.right].map((id) => stageOf.get(id) ?? id);
    const first = stages.reduce((a, b) => ((order.get(a) ?? 0) <= (order.get(b) ?? 0) ? a : b));
    for (const id of [node.left, node.right]) stageOf.set(id, stageOf.get(id) ?? id);
    for (const [id, stage] of stageOf) if (stages.includes(stage)) stageOf.set(id, first);
  }
  return stageOf;
};
