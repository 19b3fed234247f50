import { jsonSize } from './entry-size.ts';
import type { Journal } from './journal.ts';
import type { KeyedState } from './keyed-state.ts';
import type { EntryChange } from './state-table.ts';

/**
 * The state as the commit being computed sees it: its own writes above the committed state, which it never touches.
 * An entry's key names it within its table, whatever its partition.
 */
export class StateOverlay {
  readonly #base: KeyedState;
  readonly #journal: Journal;
  readonly #writes: Map<string, EntryChange>[];
  #bytes = 0;
  #bytesAtBegin = 0;

  constructor(base: KeyedState, journal: Journal) {
    this.#base = base;
    this.#journal = journal;
    this.#writes = base.tables.map(() => new Map());
  }

  get(lp: number, table: number, key: string): unknown {
    const write = (this.#writes[table] as Map<string, EntryChange>).get(key);
    return write === undefined ? this.#base.get(lp, table, key) : write.value;
  }

  /** `undefined` deletes. */
  set(lp: number, table: number, key: string, value: unknown): void {
    const writes = this.#writes[table] as Map<string, EntryChange>;
    const before = writes.get(key);
    this.#bytes += changeSize(key, value) - (before === undefined ? 0 : changeSize(key, before.value));
    this.#journal.set(writes, key, { lp, table, key, value });
  }

  /** About how many characters of JSON this commit's changes are. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The journal begins anew here, or has been rolled back to where it last did. */
  begin(): void {
    this.#bytesAtBegin = this.#bytes;
  }

  rolledBack(): void {
    this.#bytes = this.#bytesAtBegin;
  }

  /** Whether this commit wrote nothing. */
  get isEmpty(): boolean {
    return this.#writes.every((writes) => writes.size === 0);
  }

  /** The entries of a table that this commit wrote. */
  written(table: number): ReadonlyMap<string, EntryChange> {
    return this.#writes[table] as Map<string, EntryChange>;
  }

  /** Net changes, without deletions of what was never there. */
  *changes(): Generator<EntryChange> {
    for (const writes of this.#writes) {
      for (const write of writes.values()) {
        if (write.value !== undefined || this.#base.get(write.lp, write.table, write.key) !== undefined) yield write;
      }
    }
  }
}

const changeSize = (key: string, value: unknown): number => key.length + (value === undefined ? 0 : jsonSize(value));
