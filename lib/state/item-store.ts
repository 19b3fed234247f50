/** The port to the table that holds logs, snapshots and job items: what Millrace needs of DynamoDB, and no more. */

export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

export type AttributeValue = string | number | Uint8Array;

/** An item: its key and flat attributes. At most 400 KB, attribute names counted. */
export interface Item extends ItemKey {
  readonly [attribute: string]: AttributeValue;
}

export type PutCondition =
  /** Only for items that no two writers name alike, such as blob chunks. */
  | { readonly kind: 'none' }
  /** Only at genesis. */
  | { readonly kind: 'absent' }
  /** The item exists and its attribute has this value. A missing item refuses. */
  | { readonly kind: 'equals'; readonly attribute: string; readonly value: string | number };

export type PutResult =
  /** `replaced` is the item overwritten, if there was one. */
  | { readonly applied: true; readonly replaced: Item | undefined }
  /** The condition failed. `existing` is what a strong read (or the store's own answer) found there. */
  | { readonly applied: false; readonly existing: Item | undefined };

export interface QueryRange {
  readonly pk: string;
  /** Inclusive lower bound of `sk`. */
  readonly from: string;
  /** Inclusive upper bound of `sk`. */
  readonly to: string;
  /** At most this many items; the store may return fewer, with `more`. */
  readonly limit?: number;
  /** Only `pk` and `sk` are wanted. It saves the transfer; what is read is billed all the same. */
  readonly keysOnly?: boolean;
}

export interface QueryPage {
  /** Ascending by `sk`. */
  readonly items: readonly Item[];
  /** True where the range holds, or may hold, items after the last one returned. */
  readonly more: boolean;
}

/**
 * All reads are strongly consistent. Every method throws a `MillraceError`:
 * `TABLE_NOT_FOUND` and `ACCESS_DENIED` (configuration), `STORE_UNAVAILABLE` (retryable, nothing was written) and, from
 * writes only, `OUTCOME_UNKNOWN` (the write may or may not have happened, now or later).
 */
export interface ItemStore {
  get(key: ItemKey): Promise<Item | undefined>;
  /** In the order of the keys; `undefined` where there is no item. Any number of keys. */
  getMany(keys: readonly ItemKey[]): Promise<readonly (Item | undefined)[]>;
  query(range: QueryRange): Promise<QueryPage>;
  put(item: Item, condition: PutCondition): Promise<PutResult>;
  /** Unconditional puts of items that only their writer names. Resolves when every one is acknowledged. */
  putMany(items: readonly Item[]): Promise<void>;
  deleteMany(keys: readonly ItemKey[]): Promise<void>;
}

/** One request as the store billed it: for the tests and benches that count them. */
export interface StoreRequest {
  readonly operation: 'get' | 'getMany' | 'query' | 'put' | 'putMany' | 'deleteMany';
  readonly pk: string;
  readonly readUnits: number;
  readonly writeUnits: number;
}

export type StoreObserver = (request: StoreRequest) => void;
