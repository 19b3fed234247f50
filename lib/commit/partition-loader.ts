import { MillraceError } from '../errors/millrace-error.ts';
import type { KeyedState } from '../state/keyed-state.ts';
import type { StatePartition } from '../state/state-partition.ts';
import type { EntryChange } from '../state/state-table.ts';
import { upgradeEntries } from '../state/state-upgrade.ts';
import type { BlobRef } from './blob-ref.ts';
import type { BlobStore } from './blob-store.ts';
import type { CommittedState } from './committed-state.ts';
import { decodeEntries } from './entry-columns.ts';
import { decodeFrame } from './frame.ts';
import { FIRST_EPOCH, type Section, type StateBlob, type StoredState } from './manifest.ts';
import { sectionSha } from './snapshot.ts';

/** Blocks of blobs that are read anyway: blob by its index in the manifest, block by its index in the blob. */
type Blocks = Map<number, Set<number>>;

/**
 * Loads partitions of a state from the snapshot that it was made from, or from a newer one that it has caught up with.
 * What lies in the blocks that have to be read comes with them, as far as there is room: a small state is read at once.
 *
 * @throws BlobMissing where the snapshot was collected meanwhile: the registry names a newer one
 * @throws MillraceError `CORRUPT_BLOB`
 */
export const loadPartitions = async (
  blobs: BlobStore,
  manifest: StoredState,
  { keyed, epochs }: CommittedState,
  wanted: readonly StatePartition[],
  roomBytes: number,
): Promise<void> => {
  const sectionsOf = new Map(manifest.partitions.map(([lp, sections]) => [lp, sections]));
  const blocks: Blocks = new Map();
  for (const { lp } of wanted) addBlocks(blocks, sectionsOf.get(lp) ?? [], manifest, blobs.blockBytes);
  const loading = [...wanted, ...alongWith(wanted, blocks, manifest, keyed, blobs.blockBytes, roomBytes)];
  const read = new Map<number, Map<number, Uint8Array>>();
  await Promise.all(
    [...blocks].map(async ([blob, indexes]) => {
      const ref = manifest.blobs[blob] as BlobRef;
      const isWhole = loading.some(({ lp }) =>
        sectionsOf.get(lp)?.some((section) => section[0] === blob && !section[3]),
      );
      read.set(blob, isWhole ? inBlocks(await blobs.get(ref), blobs.blockBytes) : await blobs.getBlocks(ref, indexes));
    }),
  );
  for (const partition of loading) {
    const sections = sectionsOf.get(partition.lp) ?? [];
    partition.load(
      sections.flatMap((section) => {
        const { epoch = FIRST_EPOCH } = manifest.blobs[section[0]] as StateBlob;
        const entries = decodeSection(section, read, manifest, blobs.blockBytes);
        return upgradeEntries(entries, epochs.from(epoch));
      }),
    );
  }
};

/** Absent partitions that lie altogether in these blocks, in order, while there is room. */
const alongWith = (
  wanted: readonly StatePartition[],
  blocks: Blocks,
  manifest: StoredState,
  keyed: KeyedState,
  blockBytes: number,
  roomBytes: number,
): StatePartition[] => {
  let left = wanted.reduce((room, { loadedBytes }) => room - loadedBytes, roomBytes);
  const isRead = (section: Section) =>
    [...blocksOf(section, manifest, blockBytes)].every((block) => blocks.get(section[0])?.has(block));
  return manifest.partitions.flatMap(([lp, sections]) => {
    const partition = keyed.partitions.get(lp);
    if (partition === undefined || partition.isLoaded || wanted.includes(partition)) return [];
    if (partition.loadedBytes > left || !sections.every(isRead)) return [];
    left -= partition.loadedBytes;
    return [partition];
  });
};

const addBlocks = (blocks: Blocks, sections: readonly Section[], manifest: StoredState, blockBytes: number): void => {
  for (const section of sections) {
    const indexes = blocks.get(section[0]) ?? new Set();
    blocks.set(section[0], indexes);
    for (const block of blocksOf(section, manifest, blockBytes)) indexes.add(block);
  }
};

/** Only a whole blob can be checked where a section has no checksum of its own. */
function* blocksOf([blob, offset, length, sha]: Section, manifest: StoredState, blockBytes: number): Generator<number> {
  const from = sha === undefined ? 0 : offset;
  const to = sha === undefined ? (manifest.blobs[blob] as BlobRef).sizeBytes : offset + length;
  for (let block = Math.floor(from / blockBytes); block * blockBytes < to; block++) yield block;
}

const inBlocks = (content: Uint8Array, blockBytes: number): Map<number, Uint8Array> =>
  new Map(
    Array.from({ length: Math.ceil(content.length / blockBytes) }, (_, i) => [
      i,
      content.subarray(i * blockBytes, (i + 1) * blockBytes),
    ]),
  );

const decodeSection = (
  section: Section,
  read: ReadonlyMap<number, ReadonlyMap<number, Uint8Array>>,
  manifest: StoredState,
  blockBytes: number,
): EntryChange[] => {
  const [blob, offset, length, sha] = section;
  const parts: Uint8Array[] = [];
  for (let at = offset; at < offset + length; ) {
    const index = Math.floor(at / blockBytes);
    const block = read.get(blob)?.get(index) as Uint8Array;
    const part = block.subarray(at - index * blockBytes, offset + length - index * blockBytes);
    if (part.length === 0) break;
    parts.push(part);
    at += part.length;
  }
  const bytes = parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
  if (bytes.length !== length || (sha !== undefined && sectionSha(bytes) !== sha))
    throw corruptSection(manifest.blobs[blob] as BlobRef, offset);
  return decodeEntries(decodeFrame(bytes));
};

const corruptSection = ({ n, attemptId }: BlobRef, offset: number): MillraceError =>
  new MillraceError(
    'corrupt',
    'CORRUPT_BLOB',
    `Blob ${n}-${attemptId} of a snapshot is not what was written, from byte ${offset} on.`,
    { fix: 'Restore the state table from a backup or a savepoint.' },
  );
