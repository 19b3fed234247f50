import type { LogicalNode } from './logical-graph.ts';

/** The facts of an operator that a plan keeps: for people, and for the check of an upgrade. Plain JSON. */
export const describeOperator = (node: LogicalNode): Readonly<Record<string, unknown>> => {
  switch (node.kind) {
    case 'source': {
      const { watermarks } = node.spec;
      return { watermarks: watermarks.kind, boundMs: watermarks.boundMs, idle: watermarks.idle };
    }
    case 'map':
    case 'flatMap':
      return { schema: node.schema !== undefined };
    case 'window':
      return { assigner: { ...node.assigner }, allowedLatenessMs: node.allowedLatenessMs };
    case 'aggregate':
      return {
        aggregates: Object.fromEntries(
          Object.entries(node.aggregators).map(([name, aggregator]) => [name, aggregator.kind ?? 'custom']),
        ),
      };
    case 'sink':
      return node.spec.kind === 'dynamo'
        ? { table: node.spec.table, key: node.spec.key, streamKey: node.spec.streamKey, require: node.spec.require }
        : { stream: node.spec.stream, idField: node.spec.idField, require: node.spec.require };
    default:
      return {};
  }
};
