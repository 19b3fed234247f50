import { HASH_SEED, hashText } from '../core/text-hash.ts';
import type { ColumnRows, PickedRows } from './column-rows.ts';

/** What was stored of a table at once. No entry is both set and deleted. */
export interface StoredLayer {
  readonly rows: ColumnRows;
  /** Names. */
  readonly deleted: readonly string[];
}

/** The same with its table's number. */
export type TableLayer = readonly [table: number, layer: StoredLayer];

/** Of the index, the liveness and the hash of a row. */
const BYTES_PER_ROW = 14;

/**
 * A table of entries that are left as they were stored, layer above layer. A few arrays of numbers find them by name, instead of
 * an object or more for each: making those, and the collector's walks over them, is what loading a large state would cost.
 */
export class StoredEntries {
  readonly #layers: readonly ColumnRows[];
  /** Rows are counted over all layers: the first one of each. */
  readonly #firstRows: readonly number[];
  readonly #hashes: Int32Array;
  readonly #isLive: Uint8Array;
  /** Open addressing: a row and one more, or 0. */
  readonly #slots: Int32Array;
  #size = 0;
  readonly bytes: number;

  /** @param layers the oldest one first: what a later one says of an entry goes */
  constructor(layers: readonly StoredLayer[]) {
    this.#layers = layers.map(({ rows }) => rows);
    let count = 0;
    let bytes = 0;
    this.#firstRows = this.#layers.map((rows) => {
      const first = count;
      count += rows.count;
      bytes += rows.bytes;
      return first;
    });
    this.bytes = bytes + count * BYTES_PER_ROW;
    this.#hashes = new Int32Array(count);
    this.#isLive = new Uint8Array(count);
    // A third of the slots is free at least, so that a search soon ends.
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(1, count) * 1.5)));
    for (const [layer, { deleted }] of layers.entries()) {
      for (const name of deleted) this.remove(name);
      this.#add(layer);
    }
  }

  get size(): number {
    return this.#size;
  }

  /** What there was room made for: those that have gone, too. */
  get count(): number {
    return this.#hashes.length;
  }

  get(name: string): unknown {
    return this.#valueAt(this.#find(name));
  }

  remove(name: string): void {
    this.#remove(this.#find(name));
  }

  /** The same. @returns its value */
  take(name: string): unknown {
    const row = this.#find(name);
    this.#remove(row);
    return this.#valueAt(row);
  }

  clear(): void {
    this.#isLive.fill(0);
    this.#size = 0;
  }

  /** All entries by their rows, each as long as it is left here. */
  *rows(): Generator<[row: number, value: unknown]> {
    for (const [layer, { from, rows }] of [...this.live()].entries()) {
      const first = this.#firstRows[layer] as number;
      for (const row of rows) yield [first + row, from.valueAt(row)];
    }
  }

  /** Whether the entry of a row is still as it was stored. */
  isLive(row: number): boolean {
    return this.#isLive[row] === 1;
  }

  /** The name of a row, whether its entry is still here or not. */
  nameAt(row: number): string {
    const layer = this.#layerOf(row);
    return (this.#layers[layer] as ColumnRows).nameAt(row - (this.#firstRows[layer] as number));
  }

  /** All entries, where they are. */
  *live(): Generator<PickedRows> {
    for (const [layer, from] of this.#layers.entries()) {
      const first = this.#firstRows[layer] as number;
      const rows: number[] = [];
      for (let row = 0; row < from.count; row++) if (this.#isLive[first + row] === 1) rows.push(row);
      yield { from, rows };
    }
  }

  *names(): Generator<string> {
    for (const { from, rows } of this.live()) for (const row of rows) yield from.nameAt(row);
  }

  *values(): Generator<unknown> {
    for (const { from, rows } of this.live()) for (const row of rows) yield from.valueAt(row);
  }

  *[Symbol.iterator](): Generator<[name: string, value: unknown]> {
    for (const { from, rows } of this.live()) for (const row of rows) yield [from.nameAt(row), from.valueAt(row)];
  }

  #add(layer: number): void {
    const rows = this.#layers[layer] as ColumnRows;
    const first = this.#firstRows[layer] as number;
    const hashAt = rows.makeHasher();
    for (let row = 0; row < rows.count; row++) {
      const hash = hashAt(row);
      let at = this.#slotOf(hash);
      for (let found = this.#rowIn(at); found !== -1; found = this.#rowIn(at)) {
        if (this.#hashes[found] === hash && this.nameAt(found) === rows.nameAt(row)) {
          if (this.#isLive[found] === 1) this.#size--;
          this.#isLive[found] = 0;
          break;
        }
        at = this.#nextSlot(at);
      }
      this.#slots[at] = first + row + 1;
      this.#hashes[first + row] = hash;
      this.#isLive[first + row] = 1;
      this.#size++;
    }
  }

  /** The row of a live entry, or −1. */
  #find(name: string): number {
    const hash = hashText(HASH_SEED, name);
    for (let at = this.#slotOf(hash); ; at = this.#nextSlot(at)) {
      const row = this.#rowIn(at);
      if (row === -1) return -1;
      if (this.#hashes[row] === hash && this.nameAt(row) === name) return this.#isLive[row] === 1 ? row : -1;
    }
  }

  #slotOf(hash: number): number {
    return (hash ^ (hash >>> 15)) & (this.#slots.length - 1);
  }

  #nextSlot(at: number): number {
    return (at + 1) & (this.#slots.length - 1);
  }

  /** −1 where the slot is free. */
  #rowIn(slot: number): number {
    return (this.#slots[slot] as number) - 1;
  }

  #remove(row: number): void {
    if (row === -1) return;
    this.#isLive[row] = 0;
    this.#size--;
  }

  #valueAt(row: number): unknown {
    if (row === -1) return undefined;
    const layer = this.#layerOf(row);
    return (this.#layers[layer] as ColumnRows).valueAt(row - (this.#firstRows[layer] as number));
  }

  /** The last layer that begins at the row or before it. */
  #layerOf(row: number): number {
    let from = 0;
    let to = this.#firstRows.length - 1;
    while (from < to) {
      const middle = (from + to + 1) >> 1;
      if ((this.#firstRows[middle] as number) <= row) from = middle;
      else to = middle - 1;
    }
    return from;
  }
}
