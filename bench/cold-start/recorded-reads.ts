import type {
  Item,
  ItemKey,
  ItemStore,
  PutCondition,
  PutResult,
  QueryPage,
  QueryRange,
} from '../../lib/state/item-store.ts';

/** An item store that keeps the keys of all items that were read. */
export class RecordedReads implements ItemStore {
  readonly #items: ItemStore;
  readonly #keys = new Map<string, ItemKey>();

  constructor(items: ItemStore) {
    this.#items = items;
  }

  get keys(): readonly ItemKey[] {
    return [...this.#keys.values()];
  }

  async get(key: ItemKey): Promise<Item | undefined> {
    return this.#note(await this.#items.get(key));
  }

  async getMany(keys: readonly ItemKey[]): Promise<readonly (Item | undefined)[]> {
    const found = await this.#items.getMany(keys);
    for (const item of found) this.#note(item);
    return found;
  }

  async query(range: QueryRange): Promise<QueryPage> {
    const page = await this.#items.query(range);
    for (const item of page.items) this.#note(item);
    return page;
  }

  put(item: Item, condition: PutCondition): Promise<PutResult> {
    return this.#items.put(item, condition);
  }

  putMany(items: readonly Item[]): Promise<void> {
    return this.#items.putMany(items);
  }

  deleteMany(keys: readonly ItemKey[]): Promise<void> {
    return this.#items.deleteMany(keys);
  }

  #note<T extends Item | undefined>(item: T): T {
    if (item !== undefined) this.#keys.set(JSON.stringify([item.pk, item.sk]), { pk: item.pk, sk: item.sk });
    return item;
  }
}
