/** Where a blob is and what it must be. */
export interface BlobRef {
  /** The commit it was written for. */
  readonly n: number;
  /** The attempt that wrote it: no two writers, and no two tries of one, share a name. */
  readonly attemptId: string;
  /** Bytes. */
  readonly sizeBytes: number;
  /** SHA-256, hex. */
  readonly sha: string;
  /** Where it is. Missing: in chunks in the state table, as are all blobs of a job without a bucket. */
  readonly in?: 'bucket';
}

/** Thrown when a blob is not there. The pointer that named it may be old: its reader looks again before it despairs. */
export class BlobMissing extends Error {
  override readonly name = 'BlobMissing';
}

/** What is read at once: part of a blob is read in such blocks. */
export const BLOCK_BYTES = 350 * 1024;

/** The blobs of one unit in one place. Names are ordered by commit number: what nobody needs is found by number, never by age. */
export interface UnitBlobs {
  /** Payloads up to this size are better left in the item that would refer to them; bytes. */
  readonly inlineBytes: number;
  /** Resolves when all of it is acknowledged: only then may anything refer to it. */
  put(ref: BlobRef, content: Uint8Array): Promise<void>;
  /** @throws BlobMissing */
  get(ref: BlobRef): Promise<Uint8Array>;
  /** Blocks of {@link BLOCK_BYTES} by their index. @throws BlobMissing */
  getBlocks(ref: BlobRef, indexes: readonly number[]): Promise<Map<number, Uint8Array>>;
  delete(refs: readonly BlobRef[]): Promise<void>;
  /** Deletes every blob written for a commit in `from … to − 1`, except those whose name is in `keep`. */
  sweep(from: number, to: number, keep: ReadonlySet<string>): Promise<void>;
  /** Deletes a few of the unit's blobs, or parts of them, whatever they are. */
  clearSome(): Promise<Cleared>;
}

/** What a step of deleting everything came to. */
export interface Cleared {
  /** Items or objects deleted. */
  readonly removed: number;
  /** Whether there are others, or may be. */
  readonly more: boolean;
}

export const blobName = (ref: BlobRef): string => `${padNumber(ref.n)}#${ref.attemptId}`;

export const padNumber = (n: number): string => String(n).padStart(15, '0');

/** As a flat attribute. */
export const encodeBlobRef = ({ n, attemptId, sizeBytes, sha, in: place }: BlobRef): string =>
  JSON.stringify([n, attemptId, sizeBytes, sha, ...(place === undefined ? [] : [place])]);

export const decodeBlobRef = (text: string): BlobRef => {
  const [n, attemptId, sizeBytes, sha, place] = JSON.parse(text) as [number, string, number, string, 'bucket'?];
  return { n, attemptId, sizeBytes, sha, ...(place !== undefined && { in: place }) };
};
