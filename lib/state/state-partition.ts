import { EntryTable } from './entry-table.ts';
import { PartitionTimers, type Timer } from './partition-timers.ts';
import type { Entry, EntryChange, StateTable } from './state-table.ts';
import { StoredEntries, type TableLayer } from './stored-entries.ts';

/** What is known of a partition whose stored entries are not in memory. */
export interface StoredPartition {
  /** None of its timers is due earlier. */
  readonly timerMs: number;
  /** Whether a table that every commit looks at may have entries. */
  readonly watched: boolean;
  /** Memory that it takes when it is loaded, about; bytes. */
  readonly bytes: number;
}

/** Stored, and nothing of it: what a snapshot says of a partition that it does not have. */
const nothing: StoredPartition = { timerMs: Number.POSITIVE_INFINITY, watched: false, bytes: 0 };

/**
 * What one logical partition holds, by table. Either all of it is in memory, or only what changed since the last
 * snapshot; the rest is then where the snapshot is, and has to be loaded before anything is read.
 */
export class StatePartition {
  readonly lp: number;
  readonly tables: readonly EntryTable[];
  readonly #specs: readonly StateTable[];
  readonly #timers: PartitionTimers;
  #stored: Omit<StoredPartition, 'timerMs'> | undefined;
  /** The commit that it was needed for last. */
  usedAt = 0;

  constructor(lp: number, specs: readonly StateTable[], stored?: StoredPartition) {
    this.lp = lp;
    this.#specs = specs;
    this.#stored = stored;
    this.tables = specs.map(() => new EntryTable());
    this.#timers = new PartitionTimers(lp, specs, this.tables, stored?.timerMs ?? Number.POSITIVE_INFINITY);
  }

  get isLoaded(): boolean {
    return this.#stored === undefined;
  }

  get isDirty(): boolean {
    return this.tables.some(({ changeCount }) => changeCount > 0);
  }

  /** Whether few of its entries have changed since the snapshot: an eighth at the most. */
  get isQuiet(): boolean {
    let entries = 0;
    let changed = 0;
    for (const { size, changeCount } of this.tables) {
      entries += size;
      changed += changeCount;
    }
    return changed * 8 <= entries;
  }

  /** Memory taken now, about. */
  get bytes(): number {
    let { bytes } = this.#timers;
    for (const table of this.tables) bytes += table.bytes;
    return bytes;
  }

  /** Memory taken when it is loaded, about. */
  get loadedBytes(): number {
    return this.bytes + (this.#stored?.bytes ?? 0);
  }

  /** Whether a table that every commit looks at has entries, or may have. */
  get isWatched(): boolean {
    return (
      this.#stored?.watched === true ||
      this.tables.some((entries, table) => this.#specs[table]?.watched === true && entries.size > 0)
    );
  }

  /** No timer is due earlier. */
  get timerMs(): number {
    return this.#timers.firstMs;
  }

  /** The same, and exact where the partition is loaded and one may be due by the watermark. */
  timerMsAt(watermarkMs: number): number {
    if (this.isLoaded) this.#timers.settle(watermarkMs);
    return this.#timers.firstMs;
  }

  /** Not while entries of its tables are iterated. */
  find(table: number, key: string): Entry | undefined {
    if (this.#stored !== undefined) throw new Error(`partition ${this.lp} is read and not loaded`);
    return (this.tables[table] as EntryTable).find(key);
  }

  /** Applies what commit `n` changed, loaded or not: a change does not ask what was there. */
  apply(n: number, { table, key, value, entry }: EntryChange): void {
    const before = (this.tables[table] as EntryTable).change(n, key, value, entry);
    if (value !== undefined) this.#timers.note(table, key, value, before);
  }

  /** Timers due at the watermark, in the order of time, of a loaded partition. */
  due(watermarkMs: number): Iterable<Timer> {
    return this.#timers.due(watermarkMs);
  }

  /** Puts in what the snapshot holds: image first, then runs. What changed since is newer and stays. */
  load(stored: Iterable<EntryChange>): void {
    for (const { table, key, value } of stored) (this.tables[table] as EntryTable).load(key, value);
    this.#stored = undefined;
  }

  /**
   * The same of entries that can be left as they are stored. A partition that is loaded is put there again, which changes
   * nothing that it holds: only what has changed since the snapshot before, as it may well change again, is kept apart.
   */
  adopt(stored: readonly TableLayer[]): void {
    this.#timers.forget(this.timerMs);
    const layers = Map.groupBy(stored, ([table]) => table);
    for (const [table, entries] of this.tables.entries()) {
      const ofTable = layers.get(table)?.map(([, layer]) => layer) ?? [];
      entries.adopt(new StoredEntries(ofTable));
    }
    this.#stored = undefined;
  }

  /** Forgets what the snapshot holds. What changed since stays. */
  unload(): void {
    this.#stored = { watched: this.isWatched, bytes: this.bytes };
    this.#timers.forget(this.timerMs);
    for (const table of this.tables) table.forget();
  }

  /** A snapshot holds all changes up to commit `n`, and of this partition what `stored` says. */
  covered(n: number, stored: StoredPartition = nothing): void {
    for (const table of this.tables) table.covered(n, this.isLoaded);
    if (this.isLoaded) return;
    this.#stored = stored;
    this.#timers.forget(stored.timerMs);
    for (const [table, entries] of this.tables.entries())
      for (const [key, value] of entries) this.#timers.note(table, key, value, undefined);
  }
}
