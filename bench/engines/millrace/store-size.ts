import type { MemoryItemStore } from '../../../lib/memory/memory-item-store.ts';
import { itemBytes } from '../../../lib/state/item-size.ts';

/** What is in a table, as DynamoDB counts it. */
export interface StoreSize {
  readonly items: number;
  readonly bytes: number;
}

export const sizeOf = (store: MemoryItemStore): StoreSize => {
  const items = store.dump();
  return { items: items.length, bytes: items.reduce((sum, item) => sum + itemBytes(item), 0) };
};
