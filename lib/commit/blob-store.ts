import { createHash } from 'node:crypto';
import { MillraceError } from '../errors/millrace-error.ts';
import type { BlobBucket } from '../state/blob-bucket.ts';
import type { ItemStore } from '../state/item-store.ts';
import { BLOCK_BYTES, type BlobRef, type Cleared, type UnitBlobs } from './blob-ref.ts';
import { ChunkBlobs } from './chunk-blobs.ts';
import { ObjectBlobs } from './object-blobs.ts';

/** Where a job's state is. */
export interface StateStores {
  readonly items: ItemStore;
  /** For large payloads. Default: they are in the table too. */
  readonly blobs?: BlobBucket | undefined;
}

/**
 * A unit's payloads that are too large for their item. A reference says where its blob is, so that a job may change to a
 * bucket, and back, while what it wrote before is read and collected where it is.
 */
export class BlobStore {
  readonly #unit: string;
  readonly #chunks: ChunkBlobs;
  readonly #objects: ObjectBlobs | undefined;
  readonly #takesNew: boolean;

  constructor({ items, blobs }: StateStores, unit: string) {
    this.#unit = unit;
    this.#chunks = new ChunkBlobs(items, unit);
    this.#objects = blobs === undefined ? undefined : new ObjectBlobs(blobs, unit);
    this.#takesNew = blobs?.takesNew === true;
  }

  /** What is read at once. */
  readonly blockBytes = BLOCK_BYTES;

  /** Payloads up to this size cost less in the item that would refer to them; bytes. */
  get inlineBytes(): number {
    return this.#placeOfNew.inlineBytes;
  }

  /** Resolves when all of it is acknowledged: only then may anything refer to it. */
  async put(n: number, attemptId: string, content: Uint8Array): Promise<BlobRef> {
    const ref = { n, attemptId, sizeBytes: content.length, sha: sha256(content) };
    const place = this.#placeOfNew;
    await place.put(ref, content);
    return place === this.#objects ? { ...ref, in: 'bucket' } : ref;
  }

  /**
   * @throws BlobMissing where it, or a part of it, is not there
   * @throws MillraceError `CORRUPT_BLOB` where the content is not what was written, `DEPLOYMENT_INVALID` where it is in a
   *   bucket and none is known
   */
  async get(ref: BlobRef): Promise<Uint8Array> {
    const content = await this.#placeOf(ref).get(ref);
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

  /**
   * Blocks of a blob by their index. They are not checked: that is up to whoever knows what is in them.
   * @throws BlobMissing where one is not there
   * @throws MillraceError `DEPLOYMENT_INVALID` as `get`
   */
  async getBlocks(ref: BlobRef, indexes: Iterable<number>): Promise<Map<number, Uint8Array>> {
    return this.#placeOf(ref).getBlocks(ref, [...indexes]);
  }

  async delete(refs: readonly BlobRef[]): Promise<void> {
    const byPlace = Map.groupBy(refs, (ref) => this.#placeOf(ref));
    await Promise.all([...byPlace].map(([place, mine]) => place.delete(mine)));
  }

  /**
   * Deletes every blob written for a commit in `from … to − 1`, wherever it is, except those that `keep` names: what crashed
   * or lost writers left behind goes with it.
   */
  async sweep(from: number, to: number, keep: ReadonlySet<string>): Promise<void> {
    await Promise.all([this.#chunks, this.#objects].map((place) => place?.sweep(from, to, keep)));
  }

  /** Deletes a few of all blobs of a unit that nobody reads or writes any more, wherever they are. */
  async clearSome(): Promise<Cleared> {
    const places = [this.#chunks, this.#objects].filter((place) => place !== undefined);
    const cleared = await Promise.all(places.map((place) => place.clearSome()));
    return {
      removed: cleared.reduce((sum, { removed }) => sum + removed, 0),
      more: cleared.some(({ more }) => more),
    };
  }

  get #placeOfNew(): UnitBlobs {
    return this.#takesNew && this.#objects !== undefined ? this.#objects : this.#chunks;
  }

  #placeOf(ref: BlobRef): UnitBlobs {
    if (ref.in === undefined) return this.#chunks;
    if (this.#objects !== undefined) return this.#objects;
    // Not `BlobMissing`: it is there, and who cannot look must not go on as if it were not.
    throw new MillraceError(
      'configuration',
      'DEPLOYMENT_INVALID',
      `A part of the state of ${this.#unit} is in a bucket, and no bucket is known.`,
      {
        fix: "Put the bucket back into the deployment: its 'blobs', with 'readOnly' where it is to take nothing new.",
        fields: { unit: this.#unit, blob: `${ref.n}-${ref.attemptId}` },
      },
    );
  }
}

const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');
