import { INLINE_BYTES } from '../core/log-limits.ts';
import type { Item, ItemKey, ItemStore } from '../state/item-store.ts';
import { pagesOf } from '../state/pages.ts';
import {
  BLOCK_BYTES,
  BlobMissing,
  type BlobRef,
  blobName,
  type Cleared,
  padNumber,
  type UnitBlobs,
} from './blob-ref.ts';

/** One partition key takes 1 MB/s of writes and 12 MB/s of strong reads; consecutive blobs go to different ones. */
const BUCKETS = 8;

/** Deleting is billed by size: so many chunks are what an invocation has time for beside its own work. */
const CLEARED_AT_ONCE = 32;

/** Blobs in chunk items of the state table, a block in each. */
export class ChunkBlobs implements UnitBlobs {
  readonly inlineBytes = INLINE_BYTES;
  readonly #items: ItemStore;
  readonly #unit: string;

  constructor(items: ItemStore, unit: string) {
    this.#items = items;
    this.#unit = unit;
  }

  async put(ref: BlobRef, content: Uint8Array): Promise<void> {
    await this.#items.putMany(
      this.#keys(ref).map((key, i) => ({ ...key, b: content.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES) })),
    );
  }

  async get(ref: BlobRef): Promise<Uint8Array> {
    const chunks = await this.#items.getMany(this.#keys(ref));
    return Buffer.concat(chunks.map((chunk) => this.#contentOf(chunk, ref)));
  }

  async getBlocks(ref: BlobRef, indexes: readonly number[]): Promise<Map<number, Uint8Array>> {
    const keys = this.#keys(ref);
    const chunks = await this.#items.getMany(indexes.map((i) => keys[i] as ItemKey));
    return new Map(indexes.map((index, i) => [index, this.#contentOf(chunks[i], ref)]));
  }

  async delete(refs: readonly BlobRef[]): Promise<void> {
    await this.#items.deleteMany(refs.flatMap((ref) => this.#keys(ref)));
  }

  async sweep(from: number, to: number, keep: ReadonlySet<string>): Promise<void> {
    await Promise.all(
      Array.from({ length: BUCKETS }, async (_, bucket) => {
        const pk = this.#bucketKey(bucket);
        const range = { pk, from: padNumber(from), to: padNumber(to), limit: 50, keysOnly: true };
        for await (const page of pagesOf(this.#items, range)) {
          await this.#items.deleteMany(
            page.filter(({ sk }) => !keep.has(blobNameOf(sk))).map(({ sk }) => ({ pk, sk })),
          );
        }
      }),
    );
  }

  async clearSome(): Promise<Cleared> {
    const pages = await Promise.all(
      Array.from({ length: BUCKETS }, (_, bucket) =>
        this.#items.query({
          pk: this.#bucketKey(bucket),
          from: padNumber(0),
          to: '~',
          limit: CLEARED_AT_ONCE / BUCKETS,
          keysOnly: true,
        }),
      ),
    );
    const keys = pages.flatMap(({ items }) => items.map(({ pk, sk }) => ({ pk, sk })));
    await this.#items.deleteMany(keys);
    return { removed: keys.length, more: pages.some(({ more }) => more) };
  }

  #contentOf(chunk: Item | undefined, ref: BlobRef): Uint8Array {
    if (chunk === undefined) throw new BlobMissing(`${this.#unit} ${ref.n}-${ref.attemptId}`);
    return chunk.b as Uint8Array;
  }

  #keys(ref: BlobRef): ItemKey[] {
    const pk = this.#bucketKey(ref.n % BUCKETS);
    const count = Math.max(1, Math.ceil(ref.sizeBytes / BLOCK_BYTES));
    return Array.from({ length: count }, (_, i) => ({ pk, sk: `${blobName(ref)}#${String(i).padStart(4, '0')}` }));
  }

  #bucketKey(bucket: number): string {
    return `${this.#unit}#B${bucket}`;
  }
}

const blobNameOf = (sortKey: string): string => sortKey.slice(0, sortKey.lastIndexOf('#'));
