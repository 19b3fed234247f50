import type { Key, KeyByNode } from '../graph/logical-graph.ts';
import type { Push } from './compute-session.ts';
import type { CrossingCodec } from './crossing.ts';
import { keyText, partitionOfKey } from './key-of.ts';
import { RejectionError, userCodeError } from './rejection-error.ts';

/** Where an edge goes: the receiving stage, and the edge's place among those that arrive there. */
export interface EdgeTarget {
  readonly stage: string;
  readonly edgeIndex: number;
  readonly partitions: number;
}

/** Rows of an edge have to fit a stream record with room for the packet around them. */
export const MAX_ROW_BYTES = 700 * 1024;

/** Sends every record, by its key, through the repartition stream. */
export const compileRepartition =
  (node: KeyByNode, target: EdgeTarget, codec: CrossingCodec): Push =>
  (session, value, eventTimeMs) => {
    const key = keyOf(node, value);
    const keyJson = keyText(node.id, key);
    const row = `[${target.edgeIndex},${eventTimeMs},${keyJson},${JSON.stringify(codec.encode(value))}]`;
    session.addHopRow(target.stage, partitionOfKey(keyJson, target.partitions), checkRowSize(node.id, row));
  };

export const keyOf = (node: KeyByNode, value: unknown): Key => {
  try {
    return node.keyOf(value);
  } catch (thrown) {
    throw userCodeError(node.id, thrown);
  }
};

export const checkRowSize = (operator: string, row: string): string => {
  if (row.length * 3 > MAX_ROW_BYTES && Buffer.byteLength(row) > MAX_ROW_BYTES) {
    throw new RejectionError(
      'TOO_LARGE',
      operator,
      `a row between stages may have ${MAX_ROW_BYTES} bytes; this one has ${Buffer.byteLength(row)}`,
    );
  }
  return row;
};
