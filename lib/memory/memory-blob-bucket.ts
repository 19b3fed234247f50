import type { BlobBucket, ByteRange, KeyPage } from '../state/blob-bucket.ts';
import { compareSortKeys } from '../state/sort-keys.ts';

export interface MemoryBlobBucketOptions {
  /** Default true. */
  readonly takesNew?: boolean;
  /** Keys in a page of a listing. Default 1,000, as in S3. */
  readonly pageKeys?: number;
}

/**
 * A bucket for large payloads in memory, as consistent as S3.
 *
 * @example
 * const blobs = new MemoryBlobBucket();
 * await blobs.put('unit/000000000000001!a', bytes);
 */
export class MemoryBlobBucket implements BlobBucket {
  takesNew: boolean;
  readonly #pageKeys: number;
  readonly #objects = new Map<string, Uint8Array>();

  constructor({ takesNew = true, pageKeys = 1_000 }: MemoryBlobBucketOptions = {}) {
    this.takesNew = takesNew;
    this.#pageKeys = pageKeys;
  }

  async put(key: string, content: Uint8Array): Promise<void> {
    this.#objects.set(key, Uint8Array.from(content));
  }

  async get(key: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    return this.#objects.get(key)?.slice(range?.from, range?.to);
  }

  async deleteMany(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#objects.delete(key);
  }

  async list(prefix: string, after: string): Promise<KeyPage> {
    const found = this.keys().filter((key) => key.startsWith(prefix) && compareSortKeys(key, after) > 0);
    return { keys: found.slice(0, this.#pageKeys), more: found.length > this.#pageKeys };
  }

  /** All keys, in the order of their UTF-8 bytes. */
  keys(): readonly string[] {
    return [...this.#objects.keys()].sort(compareSortKeys);
  }
}
