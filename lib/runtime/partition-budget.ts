import type { KeyedState } from '../state/keyed-state.ts';
import type { StatePartition } from '../state/state-partition.ts';

/** The share of the memory for what one commit needs; the rest is for what has changed and for what may be needed next. */
const NEEDED_SHARE = 0.5;

/** The share of the memory that changes of partitions which are not loaded may take before a snapshot makes them clean. */
const CHANGED_SHARE = 0.5;

/** What computing the next commit needs, as far as it fits. */
interface Admitted {
  readonly needed: ReadonlySet<StatePartition>;
  /** Those of them that have to be loaded. */
  readonly missing: readonly StatePartition[];
}

/** Keeps a task's partitions within the memory that it may take: clean ones go, the least recently used first. */
export class PartitionBudget {
  readonly #limitBytes: () => number;

  /** @param limitBytes asked each time: other tasks of the container take from it */
  constructor(limitBytes: () => number) {
    this.#limitBytes = limitBytes;
  }

  /**
   * Of the partitions that are needed, in the order of computing, those that fit. The first one always does, and so do
   * those that every commit looks at.
   */
  admit(keyed: KeyedState, lps: Iterable<number>): Admitted {
    const needed = new Set([...keyed.partitions.values()].filter(({ isWatched }) => isWatched));
    const limit = this.#limitBytes() * NEEDED_SHARE;
    let bytes = 0;
    for (const lp of lps) {
      const partition = keyed.partitions.get(lp);
      if (partition === undefined || needed.has(partition)) continue;
      if (bytes > 0 && bytes + partition.loadedBytes > limit) break;
      bytes += partition.loadedBytes;
      needed.add(partition);
    }
    return { needed, missing: [...needed].filter(({ isLoaded }) => !isLoaded) };
  }

  /** Unloads until `bytes` more fit, or nothing is left that may go. @returns the room there is then; bytes */
  makeRoom(keyed: KeyedState, needed: ReadonlySet<StatePartition>, bytes: number): number {
    const limit = this.#limitBytes();
    let room = limit - keyed.bytes;
    if (room >= bytes) return room;
    const candidates = [...keyed.partitions.values()]
      .filter((partition) => partition.isLoaded && !partition.isWatched && !needed.has(partition))
      .sort((a, b) => a.usedAt - b.usedAt);
    for (const partition of candidates) {
      if (room >= bytes) break;
      const before = partition.bytes;
      partition.unload();
      room += before - partition.bytes;
    }
    return room;
  }

  /** After a commit: what was used last stays, however large it is. */
  trim(keyed: KeyedState): void {
    const latest = latestOf(keyed);
    this.makeRoom(keyed, new Set(latest === undefined ? [] : [latest]), 0);
  }

  /** Whether unloading does not help any more: what has changed since the snapshot cannot be unloaded. */
  isFull(keyed: KeyedState): boolean {
    let changed = 0;
    let clean = 0;
    for (const partition of keyed.partitions.values()) {
      if (partition.isLoaded) clean += partition.bytes;
      else changed += partition.bytes;
    }
    return changed > this.#limitBytes() * CHANGED_SHARE && clean + changed > this.#limitBytes();
  }
}

const latestOf = (keyed: KeyedState): StatePartition | undefined => {
  let latest: StatePartition | undefined;
  for (const partition of keyed.partitions.values())
    if (partition.isLoaded && (latest === undefined || partition.usedAt > latest.usedAt)) latest = partition;
  return latest;
};
