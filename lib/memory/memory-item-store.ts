import { checkItemBytes, readUnits, writeUnits } from '../state/item-size.ts';
import type {
  Item,
  ItemKey,
  ItemStore,
  PutCondition,
  PutResult,
  QueryPage,
  QueryRange,
  StoreObserver,
} from '../state/item-store.ts';
import { SortedItems, type StoredItem } from './sorted-items.ts';

export interface MemoryItemStoreOptions {
  /** Told of every request with the units that DynamoDB would have billed for it. */
  readonly observer?: StoreObserver;
}

const pageBytes = 1024 * 1024;
const keysPerBatchGet = 100;
const itemsPerBatchWrite = 25;

const holds = (condition: PutCondition, existing: Item | undefined): boolean => {
  if (condition.kind === 'none') return true;
  if (condition.kind === 'absent') return existing === undefined;
  return existing !== undefined && existing[condition.attribute] === condition.value;
};

function* chunks<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let i = 0; i < all.length; i += size) yield all.slice(i, i + size);
}

/**
 * The item store in memory: the same conditions, limits, pages and bills as DynamoDB's. A call takes effect at once,
 * before its promise is awaited. Byte arrays are kept as they were given: nobody may change them afterwards.
 *
 * @example
 * const store = new MemoryItemStore({ observer: (request) => requests.push(request) });
 * await store.put({ pk: 'u', sk: 'S', n: 0 }, { kind: 'absent' });
 */
export class MemoryItemStore implements ItemStore {
  readonly #partitions = new Map<string, SortedItems>();
  readonly #observer: StoreObserver | undefined;

  constructor(options: MemoryItemStoreOptions = {}) {
    this.#observer = options.observer;
  }

  async get(key: ItemKey): Promise<Item | undefined> {
    const found = this.#find(key);
    this.#observer?.({ operation: 'get', pk: key.pk, readUnits: readUnits(found?.bytes ?? 0), writeUnits: 0 });
    return found && { ...found.item };
  }

  async getMany(keys: readonly ItemKey[]): Promise<readonly (Item | undefined)[]> {
    const result: (Item | undefined)[] = [];
    for (const chunk of chunks(keys, keysPerBatchGet)) {
      let units = 0;
      for (const key of chunk) {
        const found = this.#find(key);
        units += readUnits(found?.bytes ?? 0);
        result.push(found && { ...found.item });
      }
      this.#observer?.({ operation: 'getMany', pk: chunk[0]?.pk ?? '', readUnits: units, writeUnits: 0 });
    }
    return result;
  }

  async query(range: QueryRange): Promise<QueryPage> {
    const items: Item[] = [];
    let bytes = 0;
    let more = false;
    for (const stored of this.#partitions.get(range.pk)?.range(range.from, range.to) ?? []) {
      items.push(range.keysOnly === true ? { pk: stored.item.pk, sk: stored.item.sk } : { ...stored.item });
      bytes += stored.bytes;
      // As DynamoDB does it: a full page says "more" without looking whether anything follows.
      more = items.length === range.limit || bytes >= pageBytes;
      if (more) break;
    }
    this.#observer?.({ operation: 'query', pk: range.pk, readUnits: readUnits(bytes), writeUnits: 0 });
    return { items, more };
  }

  async put(item: Item, condition: PutCondition): Promise<PutResult> {
    const bytes = checkItemBytes(item);
    const existing = this.#find(item);
    const applied = holds(condition, existing?.item);
    if (applied) this.#store(item, bytes);
    const billedBytes = applied ? Math.max(bytes, existing?.bytes ?? 0) : (existing?.bytes ?? 0);
    this.#observer?.({ operation: 'put', pk: item.pk, readUnits: 0, writeUnits: writeUnits(billedBytes) });
    const copy = existing && { ...existing.item };
    return applied ? { applied, replaced: copy } : { applied, existing: copy };
  }

  async putMany(items: readonly Item[]): Promise<void> {
    const sizes = new Map(items.map((item) => [item, checkItemBytes(item)]));
    for (const chunk of chunks(items, itemsPerBatchWrite)) {
      let units = 0;
      for (const item of chunk) {
        const bytes = sizes.get(item) as number;
        units += writeUnits(Math.max(bytes, this.#find(item)?.bytes ?? 0));
        this.#store(item, bytes);
      }
      this.#observer?.({ operation: 'putMany', pk: chunk[0]?.pk ?? '', readUnits: 0, writeUnits: units });
    }
  }

  async deleteMany(keys: readonly ItemKey[]): Promise<void> {
    for (const chunk of chunks(keys, itemsPerBatchWrite)) {
      let units = 0;
      for (const key of chunk) {
        units += writeUnits(this.#find(key)?.bytes ?? 0);
        this.#remove(key);
      }
      this.#observer?.({ operation: 'deleteMany', pk: chunk[0]?.pk ?? '', readUnits: 0, writeUnits: units });
    }
  }

  /** Every item, for tests that look at what is stored: copies, by partition key and then sort key. */
  dump(): readonly Item[] {
    const all: Item[] = [];
    for (const pk of [...this.#partitions.keys()].sort()) {
      for (const stored of this.#partitions.get(pk)?.range('', '\u{10ffff}') ?? []) all.push({ ...stored.item });
    }
    return all;
  }

  #find(key: ItemKey): StoredItem | undefined {
    return this.#partitions.get(key.pk)?.get(key.sk);
  }

  #store(item: Item, bytes: number): void {
    let partition = this.#partitions.get(item.pk);
    if (partition === undefined) {
      partition = new SortedItems();
      this.#partitions.set(item.pk, partition);
    }
    partition.set(item.sk, { item: { ...item }, bytes });
  }

  #remove(key: ItemKey): void {
    const partition = this.#partitions.get(key.pk);
    partition?.delete(key.sk);
    if (partition?.size === 0) this.#partitions.delete(key.pk);
  }
}
