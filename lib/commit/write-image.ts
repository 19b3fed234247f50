import type { StatePartition } from '../state/state-partition.ts';
import type { BlobStore } from './blob-store.ts';
import type { CommitLog } from './commit-log.ts';
import type { CommittedState } from './committed-state.ts';
import type { ManifestPartition, StateBlob } from './manifest.ts';
import type { StoredPayload } from './slot.ts';
import { describePartition, encodeImage, makeManifest, sectionSha, stamp, storeManifest } from './snapshot.ts';

/** What a log begins with that follows on others. */
export interface Inheritance {
  /** Everything that has no keys. */
  readonly state: CommittedState;
  /** What has keys, ascending: one partition after the other, each read from a parent when it is asked for. */
  partitions(): AsyncIterable<StatePartition>;
}

/** Images of so many stored bytes are in memory until they are written, as one blob. */
const BLOB_BYTES = 8 * 1024 * 1024;

/**
 * Writes what a child inherits, as the snapshot that its log will begin with; no more of it is in memory than a blob's worth. Whoever
 * makes the log at the same time writes the same under other names; what loses is found by its number and collected.
 */
export const writeImage = async (
  log: CommitLog,
  store: BlobStore,
  { state, partitions }: Inheritance,
): Promise<StoredPayload> => {
  const blobs: StateBlob[] = [];
  const written: ManifestPartition[] = [];
  let parts: Uint8Array[] = [];
  let bytes = 0;
  const flush = async () => {
    if (bytes === 0) return;
    const ref = await store.put(state.head.n, `${log.newAttemptId()}-s`, Buffer.concat(parts));
    blobs.push(stamp(ref, state.epochs));
    parts = [];
    bytes = 0;
  };
  for await (const partition of partitions()) {
    const image = encodeImage(partition);
    if (image === undefined) continue;
    if (bytes + image.length > BLOB_BYTES) await flush();
    written.push(describePartition(partition, [[blobs.length, bytes, image.length, sectionSha(image)]]));
    parts.push(image);
    bytes += image.length;
  }
  await flush();
  return storeManifest(log, log.newAttemptId(), makeManifest(state, { blobs, partitions: written, dropped: [] }, 0));
};
