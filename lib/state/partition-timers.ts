import { TIMER_BYTES } from './entry-size.ts';
import type { EntryTable } from './entry-table.ts';
import type { StateTable } from './state-table.ts';
import type { StoredEntries } from './stored-entries.ts';
import { TimeHeap } from './time-heap.ts';

/** An entry that is due at an event time. Stale ones (the entry has changed since) are recognised by whoever looks at them. */
export interface Timer {
  readonly timeMs: number;
  readonly lp: number;
  readonly table: number;
  readonly key: string;
}

/** An entry's key; or its row, where it is left as it was stored, so that its name need not be made. */
type KeyOrRow = string | number;
type Heap = TimeHeap<KeyOrRow>;

/**
 * When entries of a partition are due, as their values say. Until one may be, only a bound is known: what is stored says it
 * too, so that neither loading a partition nor keeping it costs by its entries. Then all of them are looked at once, and
 * kept in the order of time.
 */
export class PartitionTimers {
  readonly #lp: number;
  readonly #specs: readonly StateTable[];
  readonly #tables: readonly EntryTable[];
  /** None is due earlier; exact or not. */
  #boundMs: number;
  /** By table, as far as it has any. `undefined` while only the bound is known. */
  #heaps: (Heap | undefined)[] | undefined;
  /** What rows are of, by table. */
  #stored: (StoredEntries | undefined)[] = [];
  /** How many rows there were. */
  #rowCount = 0;

  /** @param tables the partition's entries: these and no others, for as long as it lives */
  constructor(lp: number, specs: readonly StateTable[], tables: readonly EntryTable[], boundMs: number) {
    this.#lp = lp;
    this.#specs = specs;
    this.#tables = tables;
    this.#boundMs = boundMs;
  }

  /** None is due earlier. Exact once `settle` had to look. */
  get firstMs(): number {
    const heaps = this.#heaps;
    if (heaps === undefined) return this.#boundMs;
    let firstMs = Number.POSITIVE_INFINITY;
    for (let table = 0; table < heaps.length; table++) {
      const heap = heaps[table];
      if (heap === undefined) continue;
      for (let ms = heap.firstMs; ms !== undefined; ms = heap.firstMs) {
        if (this.#isDue(table, heap.first as KeyOrRow, ms)) {
          if (ms < firstMs) firstMs = ms;
          break;
        }
        heap.pop();
      }
    }
    return firstMs;
  }

  /** Memory that they take beside what is reckoned of entries on their own, about. */
  get bytes(): number {
    if (this.#rowCount === 0 || this.#heaps === undefined) return 0;
    const left = this.#heaps.reduce((sum, heap) => sum + (heap?.size ?? 0), 0);
    return Math.min(left, this.#rowCount) * TIMER_BYTES;
  }

  /** An entry has changed. */
  note(table: number, key: string, value: unknown, before: unknown): void {
    const { timerMs } = this.#specs[table] as StateTable;
    const timeMs = timerMs(value);
    if (timeMs === undefined) return;
    if (this.#heaps === undefined) {
      if (timeMs < this.#boundMs) this.#boundMs = timeMs;
    } else if (before === undefined || timerMs(before) !== timeMs) {
      this.#push(this.#heaps, table, key, timeMs);
    }
  }

  /** Finds out when the first one is due, if that may be by the watermark. All entries have to be in memory. */
  settle(watermarkMs: number): void {
    if (this.#boundMs <= watermarkMs) this.#heaps ??= this.#ofEntries();
  }

  /** Those due at the watermark, in the order of time. All entries have to be in memory. */
  due(watermarkMs: number): Iterable<Timer> {
    this.settle(watermarkMs);
    const heaps = this.#heaps;
    return heaps === undefined || !this.#mayBeDue(heaps, watermarkMs) ? [] : this.#dueIn(heaps, watermarkMs);
  }

  *#dueIn(heaps: readonly (Heap | undefined)[], watermarkMs: number): Generator<Timer> {
    // What was fired is stale and first: it goes before, or it would be looked at again and again.
    if (this.firstMs > watermarkMs) return;
    const tables = heaps.flatMap((heap, table) =>
      (heap?.firstMs ?? Number.POSITIVE_INFINITY) <= watermarkMs ? [table] : [],
    );
    if (tables.length === 1) return yield* this.#dueOf(tables[0] as number, watermarkMs);
    // Of several, the next one is the first of what each comes to.
    const next = new TimeHeap<{ readonly timer: Timer; readonly rest: Generator<Timer> }>();
    const advance = (rest: Generator<Timer>) => {
      const { value, done } = rest.next();
      if (done !== true) next.push(value.timeMs, { timer: value, rest });
    };
    for (const table of tables) advance(this.#dueOf(table, watermarkMs));
    for (let found = next.pop(); found !== undefined; found = next.pop()) {
      yield found.timer;
      advance(found.rest);
    }
  }

  /** Entries go, or come, beside what is stored, which is due at `boundMs` at the earliest. */
  forget(boundMs: number): void {
    this.#heaps = undefined;
    this.#stored = [];
    this.#rowCount = 0;
    this.#boundMs = boundMs;
  }

  /** Mostly nothing is, which the first ones tell, be they stale or not. */
  #mayBeDue(heaps: readonly (Heap | undefined)[], watermarkMs: number): boolean {
    for (const heap of heaps) {
      const ms = heap?.firstMs;
      if (ms !== undefined && ms <= watermarkMs) return true;
    }
    return false;
  }

  #ofEntries(): (Heap | undefined)[] {
    const heaps: (Heap | undefined)[] = [];
    for (const [table, entries] of this.#tables.entries()) {
      const { timerMs } = this.#specs[table] as StateTable;
      for (const [key, value] of entries.written()) {
        const timeMs = timerMs(value);
        if (timeMs !== undefined) this.#push(heaps, table, key, timeMs);
      }
      this.#stored[table] = entries.stored;
      for (const [row, value] of entries.stored?.rows() ?? []) {
        const timeMs = timerMs(value);
        if (timeMs === undefined) continue;
        this.#push(heaps, table, row, timeMs);
        this.#rowCount++;
      }
    }
    return heaps;
  }

  #push(heaps: (Heap | undefined)[], table: number, entry: KeyOrRow, timeMs: number): void {
    let heap = heaps[table];
    if (heap === undefined) {
      heap = new TimeHeap();
      heaps[table] = heap;
    }
    heap.push(timeMs, entry);
  }

  *#dueOf(table: number, watermarkMs: number): Generator<Timer> {
    for (const [timeMs, entry] of this.#heaps?.[table]?.until(watermarkMs) ?? [])
      if (this.#isDue(table, entry, timeMs)) yield { timeMs, lp: this.#lp, table, key: this.#keyOf(table, entry) };
  }

  #isDue(table: number, entry: KeyOrRow, timeMs: number): boolean {
    if (typeof entry === 'number' && this.#stored[table]?.isLive(entry)) return true;
    const value = this.#tables[table]?.get(this.#keyOf(table, entry));
    return value !== undefined && this.#specs[table]?.timerMs(value) === timeMs;
  }

  #keyOf(table: number, entry: KeyOrRow): string {
    return typeof entry === 'string' ? entry : (this.#stored[table] as StoredEntries).nameAt(entry);
  }
}
