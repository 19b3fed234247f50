import { checkObjectRow, checkQueueRow, checkWebhookRow } from '../connectors/json-row-problem.ts';
import { checkStreamRow, checkTableRow, type RowProblem } from '../connectors/row-problem.ts';
import type { DynamoSinkSpec, SinkSpec } from '../connectors/specs.ts';
import { jsonSize } from '../core/json-size.ts';
import type { SinkNode } from '../graph/logical-graph.ts';
import type { Push } from './compute-session.ts';
import { schemaEncoder } from './crossing.ts';
import { partitionOfKey } from './key-of.ts';
import { RejectionError, userCodeError } from './rejection-error.ts';
import { checkRowSize, type EdgeTarget } from './repartition.ts';

/**
 * Puts rows into the commit's outbox, checked and encoded. Whatever a store would refuse for ever is refused here: once
 * a row is committed it has to be written.
 */
export const compileSink = (node: SinkNode): Push => {
  const { id, spec } = node;
  switch (spec.kind) {
    case 'dynamo':
      return compileTableSink(id, spec);
    case 'kinesis':
      return compileAppendSink(id, spec, spec.partitionKey, (row, key) => checkStreamRow(spec, row, key));
    case 'sqs':
      return compileAppendSink(id, spec, spec.groupId, (row, group) => checkQueueRow(spec, row, group));
    case 's3':
      return compileAppendSink(id, spec, undefined, checkObjectRow);
    case 'http':
      return compileAppendSink(id, spec, undefined, (row) => checkWebhookRow(spec, row));
  }
};

const compileTableSink = (id: string, spec: DynamoSinkSpec): Push => {
  const rowOf = tableRows(id, spec);
  const { streamKey } = spec;
  return (session, value, eventTimeMs) => {
    const { row, bytes } = rowOf(value);
    if (streamKey !== undefined && row[streamKey] !== session.key) {
      throw new RejectionError(
        'SINK_KEY',
        id,
        `streamKey '${streamKey}' promises that the field equals the stream's key ${JSON.stringify(session.key)}; it is ${JSON.stringify(row[streamKey])}`,
        streamKey,
      );
    }
    session.addSinkRow(id, row, eventTimeMs, bytes);
  };
};

/** @param keyOf chooses where a row goes: called once, so that it goes there at every republish */
const compileAppendSink = (
  id: string,
  { schema }: SinkSpec,
  keyOf: ((value: unknown) => string) | undefined,
  check: (row: unknown, key: unknown) => number | RowProblem,
): Push => {
  const encode = schemaEncoder(id, 'SINK_SCHEMA', schema);
  return (session, value, eventTimeMs) => {
    const row = encode(value);
    const key = keyOf === undefined ? undefined : callUserCode(id, keyOf, value);
    const bytes = accept(id, check(row, key));
    session.addSinkRow(id, row, eventTimeMs, bytes, key);
  };
};

/** Sends rows to the stage that owns them by their row key, so that the writes to one row come from one partition, in order. */
export const compileRowKeyHop = (node: SinkNode & { readonly spec: DynamoSinkSpec }, target: EdgeTarget): Push => {
  const { spec } = node;
  const rowOf = tableRows(node.id, spec);
  return (session, value, eventTimeMs) => {
    const { row } = rowOf(value);
    const keyJson = JSON.stringify(spec.key.map((field) => row[field]));
    const hopRow = {
      lp: partitionOfKey(keyJson, target.partitions),
      edge: target.edgeIndex,
      timeMs: eventTimeMs,
      keyJson: JSON.stringify(keyJson),
      valueJson: JSON.stringify(row),
      endMs: undefined,
    };
    session.addHopRow(target.stage, checkRowSize(node.id, hopRow));
  };
};

/** On the other side of a row-key hop the rows are checked and encoded already. */
export const compileArrivedRow =
  (node: SinkNode): Push =>
  (session, value, eventTimeMs) =>
    session.addSinkRow(node.id, value, eventTimeMs, jsonSize(value));

type Row = Readonly<Record<string, unknown>>;

interface TableRow {
  readonly row: Row;
  readonly bytes: number;
}

const tableRows = (id: string, spec: DynamoSinkSpec): ((value: unknown) => TableRow) => {
  const encode = schemaEncoder(id, 'SINK_SCHEMA', spec.schema);
  return (value) => {
    const row = encode(value) as Row;
    return { row, bytes: accept(id, checkTableRow(spec, row)) };
  };
};

const callUserCode = (id: string, keyOf: (value: unknown) => string, value: unknown): string => {
  try {
    return keyOf(value);
  } catch (thrown) {
    throw userCodeError(id, thrown);
  }
};

const accept = (operator: string, checked: number | RowProblem): number => {
  if (typeof checked === 'number') return checked;
  throw new RejectionError(checked.code, operator, checked.message, checked.path);
};
