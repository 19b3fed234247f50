import { MillraceError } from '../errors/millrace-error.ts';
import type { Piece } from './piece.ts';

/** How much of a task's input may be rejected before that looks like a bad deployment and not like bad records. */
export interface RejectionBound {
  /** 0 … 1. */
  readonly maxFraction: number;
  /** Fewer records than this prove nothing. */
  readonly minRecords: number;
}

/**
 * What rejects nothing may always go on: it is how a shard recovers once the fault is repaired.
 * @throws MillraceError `TOO_MANY_REJECTED`: nothing of the piece is committed, and the shard waits
 */
export const requireFewRejected = (piece: Piece, bound: RejectionBound, unit: string): void => {
  const { records, rejected } = piece.rejections;
  const sample = piece.session.rejections[0];
  if (sample === undefined || records < bound.minRecords || rejected <= records * bound.maxFraction) return;
  throw new MillraceError(
    'operator',
    'TOO_MANY_REJECTED',
    `${rejected} of ${records} records were rejected on ${unit}; at most ${bound.maxFraction * 100} % may be. One of them: ${sample.operator}: ${sample.message}`,
    {
      fix: 'If the code is wrong, deploy a right one: nothing of this batch is committed. If the records are, raise quarantine.maxFraction.',
      fields: { rejected, records, maxFraction: bound.maxFraction, rejection: sample.code },
    },
  );
};
