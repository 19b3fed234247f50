/** Numbers of the commit log that an estimate of its cost has to know too. */

/** After so many commits the state is written as a snapshot, where nothing makes one due before. */
export const SNAPSHOT_COMMITS = 64;

/**
 * A payload up to this is in its slot, where larger ones are chunks of the state table. Overwriting a slot bills the larger of the two
 * items; a payload beside it is billed when it is written and again when it is deleted, so inline is never dearer (ADR 8).
 */
export const INLINE_BYTES = 64 * 1024;
