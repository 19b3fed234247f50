import type { BlobStore } from './blob-store.ts';
import { type CommitLog, RingWrapped } from './commit-log.ts';
import type { Slot } from './slot.ts';

/** A unit's log and what lies beside it. */
export interface UnitLog {
  readonly log: CommitLog;
  readonly blobs: BlobStore;
}

/** What one step of collecting a log came to. */
export interface Collected {
  /** `waits`: it may still be needed. `part`: there is more to delete. */
  readonly outcome: 'waits' | 'part' | 'done';
  /** Bodies and blobs, or parts of them, that were deleted. */
  readonly removed: number;
  /** Whether somebody had begun before. */
  readonly wasBegun: boolean;
}

/** Bodies are up to 64 KiB, and taking them out is billed by size. */
const STRIPPED_AT_ONCE = 32;

const waits: Collected = { outcome: 'waits', removed: 0, wasBegun: false };

/**
 * A step of deleting what a sealed log held: its bodies and blobs, a bounded number of them. What fences it stays, as its
 * registry and its slots with their numbers.
 *
 * It is safe when every child that the seal names has a log, which begins with a copy of all that it inherits. That a log is there,
 * and that one is sealed, never ceases to be true: so this may be done by anybody, at any later time, twice or in part.
 */
export const collectLog = async (
  unit: string,
  partitions: number,
  open: (unit: string) => UnitLog,
): Promise<Collected> => {
  const { log, blobs } = open(unit);
  const registry = await log.readRegistry(partitions);
  if (registry === undefined) return waits;
  const ring = await log.readRing();
  const wasBegun = registry.isCollected === true;
  if (!wasBegun) {
    const seal = await findSeal(log, ring);
    if (seal === undefined) return waits;
    for (const child of seal.children) {
      const found = await open(child).log.readRegistry(partitions);
      if (found?.status !== 'READY') return waits;
    }
    await log.markCollected(registry, seal.n);
  }
  const full = ring.filter(({ payload }) => payload.at !== 'none');
  await log.stripSlots(full.slice(0, STRIPPED_AT_ONCE));
  const cleared = await blobs.clearSome();
  return {
    outcome: full.length > STRIPPED_AT_ONCE || cleared.more ? 'part' : 'done',
    removed: Math.min(full.length, STRIPPED_AT_ONCE) + cleared.removed,
    wasBegun,
  };
};

/** The log's last commit and the tasks that it names; `undefined` where somebody else collects the log just now. */
const findSeal = async (
  log: CommitLog,
  ring: readonly Slot[],
): Promise<{ readonly n: number; readonly children: readonly string[] } | undefined> => {
  const slot = ring.find(({ header }) => header.kind === 'seal');
  if (slot === undefined) return undefined;
  try {
    const { outbox } = await log.readBody(slot);
    return { n: slot.header.n, children: outbox.children.map(({ unit }) => unit) };
  } catch (error) {
    if (error instanceof RingWrapped) return undefined;
    throw error;
  }
};
