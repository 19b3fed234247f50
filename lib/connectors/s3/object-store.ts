/** A store of immutable objects with the semantics of Amazon S3: `lib/aws` speaks to S3, `lib/memory` behaves like it. */

export interface NewObject {
  readonly key: string;
  readonly body: Uint8Array;
  readonly contentType: string;
  /** SHA-256 of what the body says, in hex; kept beside the object as {@link shaMetadata}. */
  readonly sha: string;
}

export interface ObjectStore {
  /**
   * Creates an object on the condition that there is none of this name.
   * @returns `exists` where there is one, whoever made it
   * @throws MillraceError `SINK_UNAVAILABLE` (retryable) where nobody knows whether it is there now; `BUCKET_NOT_FOUND`,
   * `ACCESS_DENIED` (configuration)
   */
  create(object: NewObject): Promise<'created' | 'exists'>;
  /** The {@link NewObject.sha} of an object; `undefined` where it is gone or was made by somebody else. */
  shaOf(key: string): Promise<string | undefined>;
}

/** The object's metadata field with the SHA-256 of its lines before compression. */
export const shaMetadata = 'millrace-sha256';
