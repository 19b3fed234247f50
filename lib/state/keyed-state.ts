import { getOrAdd } from '../core/get-or-add.ts';
import type { EntryTable } from './entry-table.ts';
import { StatePartition, type StoredPartition } from './state-partition.ts';
import type { Entry, EntryChange, StateTable } from './state-table.ts';

/**
 * The committed keyed state of one task: the fold of its snapshot and the commits since. Partitions are loaded when they
 * are needed. It changes by `apply` only, with what a commit says; computing goes on in a `StateOverlay` above it.
 */
export class KeyedState {
  readonly tables: readonly StateTable[];
  readonly partitions = new Map<number, StatePartition>();

  constructor(tables: readonly StateTable[]) {
    this.tables = tables;
  }

  /** @throws Error where the partition is not loaded: whoever computes has to ask for it before */
  find(lp: number, table: number, key: string): Entry | undefined {
    return this.partitions.get(lp)?.find(table, key);
  }

  /** Its value. @throws as `find` */
  get(lp: number, table: number, key: string): unknown {
    return this.find(lp, table, key)?.value;
  }

  isLoaded(lp: number): boolean {
    return this.partitions.get(lp)?.isLoaded ?? true;
  }

  /** Partitions whose stored entries are not in memory. */
  get absent(): StatePartition[] {
    return [...this.partitions.values()].filter(({ isLoaded }) => !isLoaded);
  }

  /** Of the partitions that have entries of a table in memory, these. */
  *having(table: number): Generator<{ readonly lp: number; readonly entries: EntryTable }> {
    for (const { lp, tables } of this.partitions.values()) {
      const entries = tables[table] as EntryTable;
      if (entries.size > 0) yield { lp, entries };
    }
  }

  /** Memory taken, about. */
  get bytes(): number {
    let bytes = 0;
    for (const partition of this.partitions.values()) bytes += partition.bytes;
    return bytes;
  }

  partition(lp: number): StatePartition {
    return getOrAdd(this.partitions, lp, () => new StatePartition(lp, this.tables));
  }

  /** A snapshot has entries of this partition, which nobody has needed yet. */
  declare(lp: number, stored: StoredPartition): void {
    this.partitions.set(lp, new StatePartition(lp, this.tables, stored));
  }

  /** Applies what commit `n` changed. */
  apply(n: number, changes: Iterable<EntryChange>): void {
    for (const change of changes) {
      const partition = this.partition(change.lp);
      partition.usedAt = n;
      partition.apply(n, change);
    }
  }
}
