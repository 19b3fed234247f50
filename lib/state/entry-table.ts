import { type ColumnRows, joinRows, toRows } from './column-rows.ts';
import { entryBytes } from './entry-size.ts';
import type { Entry } from './state-table.ts';
import type { StoredEntries } from './stored-entries.ts';

/** Entries that are left as they were stored, as a share of those that were. */
const LEAST_STORED = 0.25;

/**
 * The entries of one table in one partition that are in memory: those that have been written, each on its own, beside those
 * that are left as they were stored. No entry is in both.
 */
export class EntryTable {
  readonly #written = new Map<string, Entry>();
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
   * @param known the entry as `find` gave it at some time, here or elsewhere
   * @returns what it was before
   */
  set(key: string, value: unknown, known?: Entry): unknown {
    const entry = known?.table === this ? known : this.#written.get(key);
    if (entry === undefined) {
      const before = this.#takeStored(key);
      this.#put(key, value);
      return before;
    }
    const before = entry.value;
    const bytes = entryBytes(key, value);
    this.#writtenBytes += bytes - entry.bytes;
    entry.value = value;
    entry.bytes = bytes;
    return before;
  }

  delete(key: string): void {
    const entry = this.#written.get(key);
    if (entry === undefined) this.#takeStored(key);
    else this.#remove(key, entry);
  }

  /** Stored entries are all there is, but for what is said to have changed since: that stays as it is here. */
  adopt(stored: StoredEntries, changed: ReadonlyMap<string, unknown>): void {
    this.forget(changed);
    for (const key of changed.keys()) stored.remove(key);
    this.#stored = stored;
    this.#dissolve();
  }

  /** Keeps only what is said to have changed. */
  forget(changed: ReadonlyMap<string, unknown>): void {
    this.#stored = undefined;
    for (const [key, entry] of this.#written) if (!changed.has(key)) this.#remove(key, entry);
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
    const entry: Entry = { table: this, value, bytes: entryBytes(key, value) };
    this.#written.set(key, entry);
    this.#writtenBytes += entry.bytes;
    return entry;
  }

  #remove(key: string, entry: Entry): void {
    this.#written.delete(key);
    this.#writtenBytes -= entry.bytes;
    entry.table = undefined;
  }
}
