import type { Section } from './manifest.ts';

/** The bytes of runs, as a share of their image, from which on a partition is better rewritten as a whole. */
const REWRITE_SHARE = 1;

/** A partition in more places than this is due too: each may be a blob of its own, to be read when it is loaded. */
const MANY_SECTIONS = 32;

/** Bytes of partitions that one snapshot may rewrite for each byte of changes that it writes. */
const REWRITTEN_PER_CHANGED = 4;

/** It may always rewrite so much; bytes. */
const LEAST_BYTES = 256 * 1024;

/** What a snapshot writes is in memory as a whole; bytes. */
const MOST_BYTES = 8 * 1024 * 1024;

/** It may always rewrite one of so many partitions that have changed. */
const CHANGED_PER_REWRITTEN = 16;

/** A partition that has changed, and is stored. */
export interface ChangedPartition {
  readonly lp: number;
  /** Its image and the runs on top of it. */
  readonly sections: readonly Section[];
  /** Of the run that would be added; bytes. */
  readonly runBytes: number;
}

/**
 * Which partitions a snapshot rewrites instead of adding a run: those that are laden beyond the bounds, the most laden first,
 * and no more of them than by so many times what it writes anyway. Partitions that are used alike become due together; so
 * they are rewritten one after the other, and not in one invocation.
 *
 * What is left to later snapshots cannot grow without end. Partitions that are due hold as much in runs as their image is, so
 * rewriting four bytes takes away two of runs, where one has come; and whatever waits longer holds more, so that more goes with
 * each byte. Where a bound on bytes lets only few go, one of sixteen changed ones goes:
 * the fullest of so many cups, to each of which a snapshot adds one section at most.
 *
 * @param changedBytes what the snapshot writes of changes, those of partitions that are new included
 * @returns their numbers
 */
export const chooseRewrites = (changed: readonly ChangedPartition[], changedBytes: number): ReadonlySet<number> => {
  const due = changed
    .map((partition) => ({ ...partition, load: loadOf(partition) }))
    .filter(({ load }) => load > 1)
    .sort((a, b) => b.load - a.load);
  const mostBytes = Math.min(Math.max(LEAST_BYTES, changedBytes * REWRITTEN_PER_CHANGED), MOST_BYTES);
  const leastCount = Math.ceil(changed.length / CHANGED_PER_REWRITTEN);
  const chosen = new Set<number>();
  let bytes = 0;
  for (const { lp, sections, runBytes } of due) {
    bytes += bytesOf(sections) + runBytes;
    if (bytes > mostBytes && chosen.size >= leastCount) break;
    chosen.add(lp);
  }
  return chosen;
};

/** How laden a partition would be with another run, as a share of what makes it due. */
const loadOf = ({ sections, runBytes }: ChangedPartition): number => {
  const imageBytes = sections[0]?.[2] ?? 0;
  const share = (bytesOf(sections) - imageBytes + runBytes) / (imageBytes * REWRITE_SHARE);
  return Math.max(share, (sections.length + 1) / MANY_SECTIONS);
};

const bytesOf = (sections: readonly Section[]): number => sections.reduce((sum, [, , length]) => sum + length, 0);
