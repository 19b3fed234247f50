import type { Item } from '../state/item-store.ts';

export interface StoredItem {
  readonly item: Item;
  readonly bytes: number;
}

/**
 * DynamoDB orders sort keys by their UTF-8 bytes. UTF-16 order differs from it only where a surrogate meets a unit
 * above the surrogates, so units are compared after moving the surrogates to the top.
 */
const rank = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800);

export const compareSortKeys = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = a.charCodeAt(i) - b.charCodeAt(i);
    if (difference !== 0) return rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
  }
  return a.length - b.length;
};

/** The items of one partition key, in the order of their sort keys. */
export class SortedItems {
  readonly #byKey = new Map<string, StoredItem>();
  #order: string[] = [];

  get size(): number {
    return this.#order.length;
  }

  get(sk: string): StoredItem | undefined {
    return this.#byKey.get(sk);
  }

  set(sk: string, stored: StoredItem): void {
    if (!this.#byKey.has(sk)) this.#order.splice(this.#lowerBound(sk), 0, sk);
    this.#byKey.set(sk, stored);
  }

  delete(sk: string): void {
    if (this.#byKey.delete(sk)) this.#order.splice(this.#lowerBound(sk), 1);
  }

  *range(from: string, to: string): Generator<StoredItem> {
    for (let i = this.#lowerBound(from); i < this.#order.length; i++) {
      const sk = this.#order[i] as string;
      if (compareSortKeys(sk, to) > 0) return;
      yield this.#byKey.get(sk) as StoredItem;
    }
  }

  #lowerBound(sk: string): number {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareSortKeys(this.#order[middle] as string, sk) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
