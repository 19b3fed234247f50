import type { DynamoSinkSpec } from '../connectors/specs.ts';
import type { SinkNode } from '../graph/logical-graph.ts';
import type { Push } from './compute-session.ts';
import { encodeBySchema } from './crossing.ts';
import { partitionOfKey } from './key-of.ts';
import { RejectionError } from './rejection-error.ts';
import { checkRowSize, type EdgeTarget } from './repartition.ts';

/** Puts rows into the commit's outbox, checked and encoded by the sink's schema. */
export const compileSink = (node: SinkNode): Push => {
  const { spec } = node;
  return (session, value, eventTimeMs) => {
    const row = encodeBySchema(node.id, 'SINK_SCHEMA', spec.schema, value);
    if (spec.kind === 'dynamo') {
      rowKeyText(node.id, spec, row);
      if (spec.streamKey !== undefined && (row as Row)[spec.streamKey] !== session.key) {
        throw new RejectionError(
          'SINK_KEY',
          node.id,
          `streamKey '${spec.streamKey}' promises that the field equals the stream's key ${JSON.stringify(session.key)}; it is ${JSON.stringify((row as Row)[spec.streamKey])}`,
          spec.streamKey,
        );
      }
    }
    session.addSinkRow(node.id, row, eventTimeMs);
  };
};

/** Sends rows to the stage that owns them by their row key, so that the writes to one row come from one partition, in order. */
export const compileRowKeyHop = (node: SinkNode & { readonly spec: DynamoSinkSpec }, target: EdgeTarget): Push => {
  const { spec } = node;
  return (session, value, eventTimeMs) => {
    const row = encodeBySchema(node.id, 'SINK_SCHEMA', spec.schema, value);
    const keyJson = rowKeyText(node.id, spec, row);
    const text = `[${target.edgeIndex},${eventTimeMs},${JSON.stringify(keyJson)},${JSON.stringify(row)}]`;
    session.addHopRow(target.stage, partitionOfKey(keyJson, target.partitions), checkRowSize(node.id, text));
  };
};

/** On the other side of a row-key hop the rows are checked and encoded already. */
export const compileArrivedRow =
  (node: SinkNode): Push =>
  (session, value, eventTimeMs) =>
    session.addSinkRow(node.id, value, eventTimeMs);

type Row = Readonly<Record<string, unknown>>;

const rowKeyText = (operator: string, spec: DynamoSinkSpec, row: unknown): string => {
  const values = spec.key.map((field) => {
    const value = (row as Row | null)?.[field];
    if ((typeof value === 'string' && value !== '') || typeof value === 'number') return value;
    throw new RejectionError(
      'SINK_KEY',
      operator,
      `key field '${field}' has to be a non-empty string or a number; it is ${JSON.stringify(value)}`,
      field,
    );
  });
  return JSON.stringify(values);
};
