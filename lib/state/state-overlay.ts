import { jsonSize } from '../core/json-size.ts';
import type { Journal } from './journal.ts';
import type { KeyedState } from './keyed-state.ts';
import type { Entry, EntryChange } from './state-table.ts';

/**
 * A value of state may take about so many characters of JSON: what fills a commit. It is written as a whole whenever it
 * changes, and has to be within the time of an invocation.
 */
export const MAX_VALUE_CHARACTERS = 4 * 1024 * 1024;

/** An entry that the commit being computed has written. */
export interface OverlayWrite extends EntryChange {
  /** About how many characters of JSON key and value are. */
  readonly characters: number;
}

interface MeasuredChange extends OverlayWrite {
  characters: number;
}

/**
 * The state as the commit being computed sees it: its own writes above the committed state, which it never touches.
 * An entry's key names it within its table, whatever its partition.
 */
export class StateOverlay {
  readonly #base: KeyedState;
  readonly #journal: Journal;
  readonly #writes: Map<string, MeasuredChange>[];
  #bytes = 0;
  #bytesAtBegin = 0;
  #large: EntryChange | undefined;
  /** The committed entry that was asked for last: mostly it is written next. */
  #lastKey: string | undefined;
  #lastTable = -1;
  #lastEntry: Entry | undefined;

  constructor(base: KeyedState, journal: Journal) {
    this.#base = base;
    this.#journal = journal;
    this.#writes = base.tables.map(() => new Map());
  }

  get(lp: number, table: number, key: string): unknown {
    const write = (this.#writes[table] as Map<string, MeasuredChange>).get(key);
    if (write !== undefined) return write.value;
    const entry = this.#base.find(lp, table, key);
    this.#lastKey = key;
    this.#lastTable = table;
    this.#lastEntry = entry;
    return entry?.value;
  }

  /** `undefined` deletes. */
  set(lp: number, table: number, key: string, value: unknown): OverlayWrite {
    const writes = this.#writes[table] as Map<string, MeasuredChange>;
    const before = writes.get(key);
    const characters = key.length + (value === undefined ? 0 : jsonSize(value));
    this.#bytes += characters - (before === undefined ? 0 : before.characters);
    const entry = key === this.#lastKey && table === this.#lastTable ? this.#lastEntry : before?.entry;
    const change = { lp, table, key, value, characters, entry };
    this.#journal.replace(writes, key, before, change);
    if (characters > MAX_VALUE_CHARACTERS) this.#large = change;
    return change;
  }

  /**
   * What `set` returned got so many characters more: lists that this commit has written may be added to in place, by the journal,
   * as long as nothing else is written there.
   */
  grow(write: OverlayWrite, characters: number): void {
    this.#bytes += characters;
    this.#journal.assign(write as MeasuredChange, 'characters', write.characters + characters);
    if (write.characters > MAX_VALUE_CHARACTERS) this.#large = write;
  }

  /** About how many characters of JSON this commit's changes are. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The journal begins anew here, or has been rolled back to where it last did. */
  begin(): void {
    this.#bytesAtBegin = this.#bytes;
    this.#large = undefined;
  }

  rolledBack(): void {
    this.#bytes = this.#bytesAtBegin;
    this.#large = undefined;
  }

  /**
   * A value past the bound that was written since `begin`, with its size. What an earlier release has let grow so large may
   * stay as it is, be fired and be deleted.
   */
  get tooLarge(): { readonly change: EntryChange; readonly characters: number } | undefined {
    const change = this.#large;
    if (change === undefined || this.written(change.table).get(change.key) !== change) return undefined;
    const characters = jsonSize(change.value);
    const before = this.#base.get(change.lp, change.table, change.key);
    return before !== undefined && jsonSize(before) >= characters ? undefined : { change, characters };
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
