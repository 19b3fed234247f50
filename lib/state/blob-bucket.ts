/** The port to a bucket for large payloads, where a job has one: what Millrace needs of Amazon S3, and no more. */

export interface ByteRange {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

export interface KeyPage {
  /** Ascending. */
  readonly keys: readonly string[];
  /** True where there are, or may be, keys after the last one returned. */
  readonly more: boolean;
}

/**
 * Reads and lists see every write that was acknowledged before. Every method throws a `MillraceError`: `BUCKET_NOT_FOUND` and
 * `ACCESS_DENIED` (configuration), `STORE_UNAVAILABLE` (retryable, nothing was written) and, from writes only,
 * `OUTCOME_UNKNOWN` (the write may or may not have happened, now or later).
 */
export interface BlobBucket {
  /** False where a job has gone back to its table: what is here is read and collected, and nothing is added. */
  readonly takesNew: boolean;
  /** Writes an object that only its writer names. Resolves when it is acknowledged. */
  put(key: string, content: Uint8Array): Promise<void>;
  /** An object, or a part of it: what lies past its end is left out. `undefined` where there is no object. */
  get(key: string, range?: ByteRange): Promise<Uint8Array | undefined>;
  /** Any number of keys; those that are not there are no error. */
  deleteMany(keys: readonly string[]): Promise<void>;
  /** Keys that begin with `prefix` and come after `after`, a page of them. */
  list(prefix: string, after: string): Promise<KeyPage>;
}
