import { type ColumnRows, joinRows, toRows } from './column-rows.ts';
import { entryBytes } from './entry-size.ts';
import type { Entry } from './state-table.ts';
import type { StoredEntries } from './stored-entries.ts';

/** Entries that are left as they were stored, as a share of those that were. */
const LEAST_STORED = 0.25;

/**
 * The entries of one table in one partition that are in memory: those that have been written, each on its own, beside those
 * that are left as they were stored. No entry is in both. It knows what has changed since the snapshot.
 */
export class EntryTable {
  readonly #written = new Map<string, Entry>();
  /** Those that have changed since the snapshot, each once; some may have gone. */
  #changed: Entry[] = [];
  /** Names of those that have gone since, with the commits that deleted them. */
  readonly #deleted = new Map<string, number>();
  #stored: StoredEntries | undefined;
  #writtenBytes = 0;

  get size(): number {
    return this.#written.size + (this.#stored?.size ?? 0);
  }

  /** Memory taken, about. */
  get bytes(): number {
    return this.#writtenBytes + (this.#stored?.bytes ?? 0);
  }

  get(key: string): unknown {
    const written = this.#written.get(key);
    return written !== undefined || this.#stored === undefined ? written?.value : this.#stored.get(key);
  }

  /** An entry that is likely to be written soon: from now on it is kept on its own. Not while entries are iterated. */
  find(key: string): Entry | undefined {
    const written = this.#written.get(key);
    if (written !== undefined || this.#stored === undefined) return written;
    const stored = this.#takeStored(key);
    return stored === undefined ? undefined : this.#put(key, stored);
  }

  /**
   * Commit `n` gave an entry another value; `undefined` deletes it.
   * @param known the entry as `find` gave it at some time, here or elsewhere
   * @returns what it was before, unless it is deleted
   */
  change(n: number, key: string, value: unknown, known: Entry | undefined): unknown {
    if (value === undefined) {
      this.#delete(key);
      this.#deleted.set(key, n);
      return undefined;
    }
    const entry = known?.table === this ? known : this.find(key);
    if (entry === undefined) {
      if (this.#deleted.size > 0) this.#deleted.delete(key);
      this.#mark(n, this.#put(key, value));
      return undefined;
    }
    const before = entry.value;
    this.#replace(entry, value);
    this.#mark(n, entry);
    return before;
  }

  /** Puts in what a snapshot holds, the older before the newer. What has changed since is newer and stays. */
  load(key: string, value: unknown): void {
    const entry = this.#written.get(key);
    if (entry?.changedBy !== undefined || this.#deleted.has(key)) return;
    if (value === undefined) this.#delete(key);
    else if (entry === undefined) this.#put(key, value);
    else this.#replace(entry, value);
  }

  /** Stored entries are all there is, but for what has changed since: that stays as it is here. */
  adopt(stored: StoredEntries): void {
    this.forget();
    for (const [key] of this.changes()) stored.remove(key);
    this.#stored = stored;
    this.#dissolve();
  }

  /** Keeps only what has changed since the snapshot. */
  forget(): void {
    this.#stored = undefined;
    for (const entry of this.#written.values()) if (entry.changedBy === undefined) this.#remove(entry);
  }

  /** About how many entries have changed since the snapshot: one that went and came again counts each time. */
  get changeCount(): number {
    return this.#changed.length + this.#deleted.size;
  }

  /** What has changed since the snapshot: the value now, or `undefined` where the entry was deleted. */
  *changes(): Generator<[key: string, value: unknown]> {
    for (const { table, key, value } of this.#changed) if (table === this) yield [key, value];
    for (const key of this.#deleted.keys()) yield [key, undefined];
  }

  /** A snapshot holds all changes up to commit `n`. @param isLoaded whether what it holds stays in memory */
  covered(n: number, isLoaded: boolean): void {
    const before = this.#changed;
    this.#changed = [];
    for (const entry of before) {
      const { table, changedBy = 0 } = entry;
      if (table !== this) continue;
      if (changedBy > n) this.#changed.push(entry);
      else if (isLoaded) entry.changedBy = undefined;
      else this.#remove(entry);
    }
    for (const [key, deletedBy] of this.#deleted) if (deletedBy <= n) this.#deleted.delete(key);
  }

  /** All entries as columns. */
  rows(): ColumnRows[] {
    const written = toRows(this.written()).map((from) => ({ from, rows: [...Array(from.count).keys()] }));
    return joinRows([...(this.#stored?.live() ?? []), ...written]);
  }

  *keys(): Generator<string> {
    yield* this.#written.keys();
    if (this.#stored !== undefined) yield* this.#stored.names();
  }

  *values(): Generator<unknown> {
    for (const { value } of this.#written.values()) yield value;
    if (this.#stored !== undefined) yield* this.#stored.values();
  }

  *[Symbol.iterator](): Generator<[key: string, value: unknown]> {
    yield* this.written();
    if (this.#stored !== undefined) yield* this.#stored;
  }

  /** Names and values of those that are kept on their own. */
  *written(): Generator<[key: string, value: unknown]> {
    for (const [key, { value }] of this.#written) yield [key, value];
  }

  /** Those that are left as they were stored, if any. */
  get stored(): StoredEntries | undefined {
    return this.#stored;
  }

  /** Takes what is stored away, as the entry is about to be written or deleted. */
  #takeStored(key: string): unknown {
    const stored = this.#stored?.take(key);
    if (stored !== undefined) this.#dissolve();
    return stored;
  }

  #delete(key: string): void {
    const entry = this.#written.get(key);
    if (entry === undefined) this.#takeStored(key);
    else this.#remove(entry);
  }

  /** When few are left as they were stored, all of what they were stored in is there for them. */
  #dissolve(): void {
    const stored = this.#stored;
    if (stored === undefined || stored.size > stored.count * LEAST_STORED) return;
    this.#stored = undefined;
    for (const [key, value] of stored) this.#put(key, value);
    // Who remembers rows of it asks whether they are live.
    stored.clear();
  }

  #put(key: string, value: unknown): Entry {
    const entry: Entry = { table: this, key, value, bytes: entryBytes(key, value), changedBy: undefined };
    this.#written.set(key, entry);
    this.#writtenBytes += entry.bytes;
    return entry;
  }

  #replace(entry: Entry, value: unknown): void {
    const bytes = entryBytes(entry.key, value);
    this.#writtenBytes += bytes - entry.bytes;
    entry.value = value;
    entry.bytes = bytes;
  }

  #mark(n: number, entry: Entry): void {
    if (entry.changedBy === undefined) this.#changed.push(entry);
    entry.changedBy = n;
  }

  #remove(entry: Entry): void {
    this.#written.delete(entry.key);
    this.#writtenBytes -= entry.bytes;
    entry.table = undefined;
    // It may be among what has changed until the next snapshot.
    entry.value = undefined;
  }
}
