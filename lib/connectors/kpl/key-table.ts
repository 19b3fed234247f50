import { fieldSize } from './format.ts';

export interface KeyPlace {
  readonly index: number;
  /** What the key adds to the message: 0 where the table has it already. */
  readonly newBytes: number;
}

/** Each different key once, in the order of first use. */
export class KeyTable {
  readonly #indexes = new Map<string, number>();

  look(key: string): KeyPlace {
    const index = this.#indexes.get(key);
    return index === undefined
      ? { index: this.#indexes.size, newBytes: fieldSize(Buffer.byteLength(key)) }
      : { index, newBytes: 0 };
  }

  add(key: string, place: KeyPlace): void {
    if (place.newBytes > 0) this.#indexes.set(key, place.index);
  }

  keys(): Iterable<string> {
    return this.#indexes.keys();
  }

  clear(): void {
    this.#indexes.clear();
  }
}
