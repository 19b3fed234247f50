import { getOrAdd } from '../core/get-or-add.ts';
import type { EntryChange, StateTable } from './state-table.ts';
import { type Timer, TimerHeap } from './timer-heap.ts';

type Entries = Map<string, unknown>;

/** What one logical partition holds: a map per table, and which entries changed since the last snapshot. */
export class StatePartition {
  readonly lp: number;
  readonly tables: Entries[];
  /** Keys changed since the snapshot, per table. */
  readonly dirty: Set<string>[];

  constructor(lp: number, tableCount: number) {
    this.lp = lp;
    this.tables = Array.from({ length: tableCount }, () => new Map());
    this.dirty = Array.from({ length: tableCount }, () => new Set());
  }

  get isDirty(): boolean {
    return this.dirty.some((keys) => keys.size > 0);
  }

  clearDirty(): void {
    for (const keys of this.dirty) keys.clear();
  }
}

/**
 * The committed keyed state of one task, in memory: the fold of its snapshot and the commits since. It changes by
 * `apply` only, with what a commit says; computing goes on in a `StateOverlay` above it.
 */
export class KeyedState {
  readonly tables: readonly StateTable[];
  readonly partitions = new Map<number, StatePartition>();
  readonly #timers = new TimerHeap();

  constructor(tables: readonly StateTable[]) {
    this.tables = tables;
  }

  get(lp: number, table: number, key: string): unknown {
    return this.partitions.get(lp)?.tables[table]?.get(key);
  }

  /** Entries in all partitions: for metrics and tests. */
  get entryCount(): number {
    let count = 0;
    for (const partition of this.partitions.values()) for (const entries of partition.tables) count += entries.size;
    return count;
  }

  partition(lp: number): StatePartition {
    return getOrAdd(this.partitions, lp, () => new StatePartition(lp, this.tables.length));
  }

  /** Applies committed changes. `fromSnapshot` entries are already stored and so not dirty. */
  apply(changes: Iterable<EntryChange>, fromSnapshot = false): void {
    for (const change of changes) {
      const partition = this.partition(change.lp);
      const entries = partition.tables[change.table] as Entries;
      const timerMs = (this.tables[change.table] as StateTable).timerMs;
      if (change.value === undefined) {
        entries.delete(change.key);
      } else {
        const before = entries.get(change.key);
        entries.set(change.key, change.value);
        const dueMs = timerMs(change.value);
        if (dueMs !== undefined && (before === undefined || timerMs(before) !== dueMs)) {
          this.#timers.push({ timeMs: dueMs, lp: change.lp, table: change.table, key: change.key });
        }
      }
      if (!fromSnapshot) (partition.dirty[change.table] as Set<string>).add(change.key);
    }
  }

  /** Takes the next timer due at `watermarkMs` that still holds. A caller whose commit fails gives it back. */
  takeDue(watermarkMs: number): Timer | undefined {
    for (;;) {
      const top = this.#timers.peek();
      if (top === undefined || top.timeMs > watermarkMs) return undefined;
      this.#timers.pop();
      const value = this.get(top.lp, top.table, top.key);
      if (value !== undefined && this.tables[top.table]?.timerMs(value) === top.timeMs) return top;
    }
  }

  giveBack(timers: readonly Timer[]): void {
    for (const timer of timers) this.#timers.push(timer);
  }
}
