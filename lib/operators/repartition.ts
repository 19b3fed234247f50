import { type HopRow, hopRowBytes } from '../commit/hop-rows.ts';
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
    const lp = partitionOfKey(keyJson, target.partitions);
    const valueJson = JSON.stringify(codec.encode(value));
    const row = { lp, edge: target.edgeIndex, timeMs: eventTimeMs, keyJson, valueJson, endMs: undefined };
    session.addHopRow(target.stage, checkRowSize(node.id, row));
  };

export const keyOf = (node: KeyByNode, value: unknown): Key => {
  try {
    return node.keyOf(value);
  } catch (thrown) {
    throw userCodeError(node.id, thrown);
  }
};

export const checkRowSize = (operator: string, row: HopRow): HopRow => {
  if ((row.keyJson.length + row.valueJson.length) * 3 > MAX_ROW_BYTES && hopRowBytes(row) > MAX_ROW_BYTES) {
    throw new RejectionError(
      'TOO_LARGE',
      operator,
      `a row between stages may have ${MAX_ROW_BYTES} bytes; this one has ${hopRowBytes(row)}`,
    );
  }
  return row;
};
