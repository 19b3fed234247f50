import type { BlobRef } from './blob-ref.ts';
import type { StoredMark } from './body-codec.ts';
import type { CommitHeader, RejectionCount } from './commit.ts';

/**
 * A stretch of a blob that holds entries of one partition: a whole image, or a run of changes on top of it. `sha` checks
 * it where only a part of the blob is read; releases before that did not write it.
 */
export type Section = [blob: number, offset: number, length: number, sha?: string];

/**
 * A partition's image and then its runs, and what has to be known of it before it is loaded: when its first timer is due
 * (`null`: never), whether every commit looks at it, and the memory it takes. Earlier releases wrote only the sections.
 */
export type ManifestPartition = [
  lp: number,
  sections: Section[],
  timerMs?: number | null,
  watched?: 0 | 1,
  bytes?: number,
];

/** Where a snapshot has its partitions. */
export type StoredState = Pick<Manifest, 'blobs' | 'partitions'>;

/** A blob with sections of partitions. */
export interface StateBlob extends BlobRef {
  /** The deployment whose layout its entries have. Missing in those of the first. */
  readonly epoch?: number;
}

export const FIRST_EPOCH = 1;

/** What the registry points to: where each partition's image and runs are, and all of a task's state that has no keys. */
export interface Manifest {
  readonly header: CommitHeader;
  readonly excluded: boolean;
  readonly rejections: RejectionCount;
  readonly marks: readonly StoredMark[];
  readonly floors?: readonly [from: number, to: number, watermarkMs: number][];
  /** Units of sealed logs that this one follows on and that are not known to be collected. */
  readonly ancestors?: readonly string[];
  /** Per destination stage: `[stage, watermarkMs, excluded, lastN run-length coded as [count, n] pairs]`. */
  readonly coverage: readonly [
    stage: string,
    watermarkMs: number,
    excluded: 0 | 1,
    runs: [count: number, n: number][],
  ][];
  readonly blobs: readonly StateBlob[];
  readonly partitions: readonly ManifestPartition[];
  /** Blobs that the snapshot before this one still needed: whoever reads that one may need them until the next. */
  readonly dropped: readonly BlobRef[];
  /** Blobs of commits below this number were collected. */
  readonly sweptTo: number;
}
