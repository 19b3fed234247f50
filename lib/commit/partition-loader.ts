import { getOrAdd } from '../core/get-or-add.ts';
import { forEachReadAhead } from '../core/read-ahead.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import type { KeyedState } from '../state/keyed-state.ts';
import type { StatePartition } from '../state/state-partition.ts';
import { upgradeEntries } from '../state/state-upgrade.ts';
import type { BlobRef } from './blob-ref.ts';
import type { BlobStore } from './blob-store.ts';
import type { CommittedState } from './committed-state.ts';
import { decodeChanges, parseEntries, toLayers } from './entry-columns.ts';
import { decodeFrame } from './frame.ts';
import { FIRST_EPOCH, type Section, type StateBlob, type StoredState } from './manifest.ts';
import { sectionSha } from './snapshot.ts';

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
  const reads = new BlockReads(blobs, manifest);
  const read = new Set(wanted.flatMap(({ lp }) => reads.namesOf(sectionsOf.get(lp) ?? [])));
  const isRead = (sections: readonly Section[]) => reads.namesOf(sections).every((name) => read.has(name));
  const loading = [...wanted, ...alongWith(wanted, isRead, manifest, keyed, roomBytes)]
    .map((partition) => ({ partition, sections: sectionsOf.get(partition.lp) ?? [] }))
    .sort((a, b) => a.partition.lp - b.partition.lp);
  await forEachReadAhead(
    groupsOf(loading, reads),
    (group) => reads.read(group.flatMap(({ sections }) => sections)),
    (group) => {
      for (const { partition, sections } of group) {
        const stored = sections.map((section) => ({
          changes: parseEntries(readSection(section, reads.blocks, manifest, blobs.blockBytes)),
          upgrade: epochs.from((manifest.blobs[section[0]] as StateBlob).epoch ?? FIRST_EPOCH),
        }));
        if (stored.every(({ changes, upgrade }) => changes.e !== undefined && upgrade === undefined))
          partition.adopt(stored.flatMap(({ changes }) => toLayers(changes.e ?? [])));
        else partition.load(stored.flatMap(({ changes, upgrade }) => upgradeEntries(decodeChanges(changes), upgrade)));
      }
    },
  );
};

interface Loading {
  readonly partition: StatePartition;
  readonly sections: readonly Section[];
}

/** Partitions, in order, for which so many blocks are read together: while these are decoded, those of the next ones come. */
const BLOCKS_IN_GROUP = 8;

const groupsOf = (loading: readonly Loading[], reads: BlockReads): Loading[][] => {
  const groups: Loading[][] = [];
  const planned = new Set<string>();
  let size = 0;
  for (const one of loading) {
    const group = groups.at(-1);
    if (group === undefined || size >= BLOCKS_IN_GROUP) {
      groups.push([one]);
      size = 0;
    } else group.push(one);
    for (const name of reads.namesOf(one.sections)) {
      if (planned.has(name)) continue;
      planned.add(name);
      size++;
    }
  }
  return groups;
};

/** Blocks of blobs, each of which is read once. */
class BlockReads {
  readonly #blobs: BlobStore;
  readonly #manifest: StoredState;
  /** Blobs of which all has to be read to check anything. */
  readonly #whole: ReadonlySet<number>;
  readonly #asked = new Map<string, Promise<void>>();
  readonly #blocks = new Map<number, Map<number, Uint8Array>>();

  constructor(blobs: BlobStore, manifest: StoredState) {
    this.#blobs = blobs;
    this.#manifest = manifest;
    const sections = manifest.partitions.flatMap(([, all]) => all);
    this.#whole = new Set(sections.flatMap(([blob, , , sha]) => (sha === undefined ? [blob] : [])));
  }

  /** What has been read: by blob, then by index. */
  get blocks(): ReadonlyMap<number, ReadonlyMap<number, Uint8Array>> {
    return this.#blocks;
  }

  /** Of the blocks of sections. */
  namesOf(sections: readonly Section[]): string[] {
    return sections.flatMap((section) =>
      [...blocksOf(section, this.#manifest, this.#blobs.blockBytes)].map((block) => `${section[0]}/${block}`),
    );
  }

  /** Resolves when these are there: those that nobody has asked for are read now. @throws BlobMissing */
  async read(sections: readonly Section[]): Promise<void> {
    const names = [...new Set(this.namesOf(sections))];
    const unasked = names.filter((name) => !this.#asked.has(name)).map((name) => name.split('/').map(Number));
    for (const [blob, blocks] of Map.groupBy(unasked, ([blob]) => blob as number)) {
      const indexes = blocks.map(([, block]) => block as number);
      const reading = this.#readBlob(blob, indexes);
      for (const index of indexes) this.#asked.set(`${blob}/${index}`, reading);
    }
    await Promise.all(new Set(names.map((name) => this.#asked.get(name))));
  }

  async #readBlob(blob: number, indexes: readonly number[]): Promise<void> {
    const ref = this.#manifest.blobs[blob] as BlobRef;
    const found = this.#whole.has(blob)
      ? inBlocks(await this.#blobs.get(ref), this.#blobs.blockBytes)
      : await this.#blobs.getBlocks(ref, indexes);
    const blocks = getOrAdd(this.#blocks, blob, () => new Map<number, Uint8Array>());
    for (const [index, bytes] of found) blocks.set(index, bytes);
  }
}

/** Absent partitions of which all is read anyway, in order, while there is room. */
const alongWith = (
  wanted: readonly StatePartition[],
  isRead: (sections: readonly Section[]) => boolean,
  manifest: StoredState,
  keyed: KeyedState,
  roomBytes: number,
): StatePartition[] => {
  let left = wanted.reduce((room, { loadedBytes }) => room - loadedBytes, roomBytes);
  return manifest.partitions.flatMap(([lp, sections]) => {
    const partition = keyed.partitions.get(lp);
    if (partition === undefined || partition.isLoaded || wanted.includes(partition)) return [];
    if (partition.loadedBytes > left || !isRead(sections)) return [];
    left -= partition.loadedBytes;
    return [partition];
  });
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

const readSection = (
  section: Section,
  read: ReadonlyMap<number, ReadonlyMap<number, Uint8Array>>,
  manifest: StoredState,
  blockBytes: number,
): string => {
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
  return decodeFrame(bytes);
};

const corruptSection = ({ n, attemptId }: BlobRef, offset: number): MillraceError =>
  new MillraceError(
    'corrupt',
    'CORRUPT_BLOB',
    `Blob ${n}-${attemptId} of a snapshot is not what was written, from byte ${offset} on.`,
    { fix: 'Restore the state table from a backup or a savepoint.' },
  );
