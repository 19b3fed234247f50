import { forEachInFlight } from '../core/in-flight.ts';
import type { BlobBucket } from '../state/blob-bucket.ts';
import {
  BLOCK_BYTES,
  BlobMissing,
  type BlobRef,
  blobName,
  type Cleared,
  padNumber,
  type UnitBlobs,
} from './blob-ref.ts';

/** Neighbouring blocks are read by one request, which is billed by itself and not by its bytes, up to so many of them. */
const BLOCKS_PER_REQUEST = 16;
const REQUESTS_IN_FLIGHT = 4;

/** Blobs as objects of a bucket: `<unit>/<padded n>!<attempt id>`. */
export class ObjectBlobs implements UnitBlobs {
  /** A put costs as much as about 8 write units and the slot one, however large the object; deleting it is free (ADR 8). */
  readonly inlineBytes = 9 * 1024;
  readonly #bucket: BlobBucket;
  readonly #unit: string;

  constructor(bucket: BlobBucket, unit: string) {
    this.#bucket = bucket;
    this.#unit = unit;
  }

  put(ref: BlobRef, content: Uint8Array): Promise<void> {
    return this.#bucket.put(this.#key(blobName(ref)), content);
  }

  async get(ref: BlobRef): Promise<Uint8Array> {
    const content = await this.#bucket.get(this.#key(blobName(ref)));
    return this.#present(content, ref);
  }

  async getBlocks(ref: BlobRef, indexes: readonly number[]): Promise<Map<number, Uint8Array>> {
    const key = this.#key(blobName(ref));
    const blocks = new Map<number, Uint8Array>();
    await forEachInFlight(runsOf(indexes), REQUESTS_IN_FLIGHT, async ({ first, count }) => {
      const from = first * BLOCK_BYTES;
      const range = { from, to: Math.min(from + count * BLOCK_BYTES, ref.sizeBytes) };
      const content = this.#present(await this.#bucket.get(key, range), ref);
      for (let i = 0; i < count; i++) blocks.set(first + i, content.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES));
    });
    return blocks;
  }

  async delete(refs: readonly BlobRef[]): Promise<void> {
    await this.#bucket.deleteMany(refs.map((ref) => this.#key(blobName(ref))));
  }

  async sweep(from: number, to: number, keep: ReadonlySet<string>): Promise<void> {
    const kept = new Set([...keep].map((name) => this.#key(name)));
    const end = this.#key(padNumber(to));
    let after = this.#key(padNumber(from));
    for (let more = true; more; ) {
      const page = await this.#bucket.list(this.#key(''), after);
      const swept = page.keys.filter((key) => key < end);
      await this.#bucket.deleteMany(swept.filter((key) => !kept.has(key)));
      const last = page.keys.at(-1);
      more = page.more && last !== undefined && swept.length === page.keys.length;
      if (last !== undefined) after = last;
    }
  }

  async clearSome(): Promise<Cleared> {
    const { keys, more } = await this.#bucket.list(this.#key(''), '');
    await this.#bucket.deleteMany(keys);
    return { removed: keys.length, more };
  }

  #present(content: Uint8Array | undefined, ref: BlobRef): Uint8Array {
    if (content === undefined) throw new BlobMissing(`${this.#unit} ${ref.n}-${ref.attemptId}`);
    return content;
  }

  /** A `#` would have to be escaped in whatever shows the key. */
  #key(name: string): string {
    return `${this.#unit}/${name}`.replaceAll('#', '!');
  }
}

/** Neighbours together. */
const runsOf = (indexes: readonly number[]): { readonly first: number; readonly count: number }[] => {
  const runs: { first: number; count: number }[] = [];
  for (const index of [...indexes].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last.first + last.count === index && last.count < BLOCKS_PER_REQUEST) last.count++;
    else runs.push({ first: index, count: 1 });
  }
  return runs;
};
