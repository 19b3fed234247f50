import { firstWhere } from '../core/first-where.ts';
import type { Item } from '../state/item-store.ts';
import { compareSortKeys } from '../state/sort-keys.ts';

export interface StoredItem {
  readonly item: Item;
  readonly bytes: number;
}

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
    return firstWhere(0, this.#order.length, (i) => compareSortKeys(this.#order[i] as string, sk) >= 0);
  }
}
