import { createHash } from 'node:crypto';
import { MillraceError } from '../errors/millrace-error.ts';
import type { Item, ItemKey, ItemStore } from '../state/item-store.ts';

/** Where a blob is and what it must be. */
export interface BlobRef {
  /** The commit it was written for. */
  readonly n: number;
  /** The attempt that wrote it: no two writers, and no two tries of one, share a name. */
  readonly attemptId: string;
  /** Bytes; in chunks of at most `CHUNK_BYTES`. */
  readonly sizeBytes: number;
  /** SHA-256, hex. */
  readonly sha: string;
}

const CHUNK_BYTES = 350 * 1024;

/** One partition key takes 1 MB/s of writes and 12 MB/s of strong reads; consecutive blobs go to different ones. */
const BUCKETS = 8;

/** Thrown when a blob is not there. The pointer that named it may be old: its reader looks again before it despairs. */
export class BlobMissing extends Error {
  override readonly name = 'BlobMissing';
}

/**
 * Payloads too large for their item, in chunk items of the same table. Names are ordered by commit number, so that
 * what nobody needs any more is found by number and never by age.
 */
export class BlobStore {
  readonly #items: ItemStore;
  readonly #unit: string;

  constructor(items: ItemStore, unit: string) {
    this.#items = items;
    this.#unit = unit;
  }

  /** Resolves when every chunk is acknowledged: only then may anything refer to it. */
  async put(n: number, attemptId: string, content: Uint8Array): Promise<BlobRef> {
    const ref = { n, attemptId, sizeBytes: content.length, sha: sha256(content) };
    await this.#items.putMany(
      this.#keys(ref).map((key, i) => ({ ...key, b: content.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES) })),
    );
    return ref;
  }

  /**
   * @throws BlobMissing where a chunk is not there
   * @throws MillraceError `CORRUPT_BLOB` where the content is not what was written
   */
  async get(ref: BlobRef): Promise<Uint8Array> {
    const chunks = await this.#items.getMany(this.#keys(ref));
    const content = Buffer.concat(chunks.map((chunk) => this.#contentOf(chunk, ref)));
    if (content.length !== ref.sizeBytes || sha256(content) !== ref.sha) {
      throw new MillraceError(
        'corrupt',
        'CORRUPT_BLOB',
        `Blob ${ref.n}-${ref.attemptId} of ${this.#unit} is not what was written.`,
        {
          fix: 'Restore the state table from a backup or a savepoint.',
          fields: { expectedBytes: ref.sizeBytes, foundBytes: content.length },
        },
      );
    }
    return content;
  }

  /** What is read at once: part of a blob is read in such blocks. */
  readonly blockBytes = CHUNK_BYTES;

  /**
   * Blocks of a blob by their index. They are not checked: that is up to whoever knows what is in them.
   * @throws BlobMissing where one is not there
   */
  async getBlocks(ref: BlobRef, indexes: Iterable<number>): Promise<Map<number, Uint8Array>> {
    const wanted = [...indexes];
    const keys = this.#keys(ref);
    const chunks = await this.#items.getMany(wanted.map((i) => keys[i] as ItemKey));
    return new Map(wanted.map((index, i) => [index, this.#contentOf(chunks[i], ref)]));
  }

  async delete(refs: readonly BlobRef[]): Promise<void> {
    await this.#items.deleteMany(refs.flatMap((ref) => this.#keys(ref)));
  }

  /**
   * Deletes every blob written for a commit in `from … to − 1`, except those that `keep` names: what crashed or lost
   * writers left behind goes with it.
   */
  async sweep(from: number, to: number, keep: ReadonlySet<string>): Promise<void> {
    await Promise.all(
      Array.from({ length: BUCKETS }, async (_, bucket) => {
        let first = padNumber(from);
        for (let more = true; more; ) {
          const page = await this.#items.query({
            pk: this.#bucketKey(bucket),
            from: first,
            to: padNumber(to),
            limit: 50,
            keysOnly: true,
          });
          await this.#items.deleteMany(
            page.items.filter((item) => !keep.has(blobNameOf(item.sk))).map(({ pk, sk }) => ({ pk, sk })),
          );
          const last = page.items.at(-1);
          more = page.more && last !== undefined;
          if (last !== undefined) first = `${last.sk}~`;
        }
      }),
    );
  }

  #contentOf(chunk: Item | undefined, ref: BlobRef): Uint8Array {
    if (chunk === undefined) throw new BlobMissing(`${this.#unit} ${ref.n}-${ref.attemptId}`);
    return chunk.b as Uint8Array;
  }

  #keys(ref: BlobRef): ItemKey[] {
    const pk = this.#bucketKey(ref.n % BUCKETS);
    const count = Math.max(1, Math.ceil(ref.sizeBytes / CHUNK_BYTES));
    return Array.from({ length: count }, (_, i) => ({ pk, sk: `${blobName(ref)}#${String(i).padStart(4, '0')}` }));
  }

  #bucketKey(bucket: number): string {
    return `${this.#unit}#B${bucket}`;
  }
}

export const blobName = (ref: BlobRef): string => `${padNumber(ref.n)}#${ref.attemptId}`;

const blobNameOf = (sortKey: string): string => sortKey.slice(0, sortKey.lastIndexOf('#'));

const padNumber = (n: number): string => String(n).padStart(15, '0');

const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** As a flat attribute. */
export const encodeBlobRef = (ref: BlobRef): string => JSON.stringify([ref.n, ref.attemptId, ref.sizeBytes, ref.sha]);

export const decodeBlobRef = (text: string): BlobRef => {
  const [n, attemptId, sizeBytes, sha] = JSON.parse(text) as [number, string, number, string];
  return { n, attemptId, sizeBytes, sha };
};
