import { createHash } from 'node:crypto';
import type { KeyedState } from '../state/keyed-state.ts';
import type { StatePartition, StoredPartition } from '../state/state-partition.ts';
import type { EntryChange } from '../state/state-table.ts';
import type { EpochReader } from '../state/state-upgrade.ts';
import { type BlobRef, blobName } from './blob-ref.ts';
import type { BlobStore } from './blob-store.ts';
import { decodeMark, encodeMark, type StoredMark } from './body-codec.ts';
import type { CommitHeader, RejectionCount } from './commit.ts';
import type { CommitLog } from './commit-log.ts';
import type { CommittedState } from './committed-state.ts';
import { encodeEntries } from './entry-columns.ts';
import { decodeFrame, encodeFrame } from './frame.ts';
import type { Registry } from './registry.ts';
import type { StoredPayload } from './slot.ts';

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

/** The bytes that a run may add to a partition, as a share of its image, before the partition is rewritten. */
const REWRITE_SHARE = 0.5;

/** A partition in more places than this is rewritten too: each may be a blob of its own, to be read when it is loaded. */
const MAX_SECTIONS = 32;

/** Stored bytes of partitions that one snapshot loads to rewrite them: what it writes is in memory as a whole. */
const REWRITE_BYTES = 8 * 1024 * 1024;

/** Memory for each stored byte of a partition whose size was not recorded: text is compressed. */
const MEMORY_PER_STORED_BYTE = 10;

/**
 * Writes what changed since `registry` and moves the registry to the head: one blob with the changed partitions'
 * runs (or new images), one manifest. Costs by what changed, not by what is stored.
 * @param load loads a partition that has to be rewritten; false where its blobs are gone, as another snapshot was written
 * @returns the new registry, or `undefined` where another container moved it first
 */
export const writeSnapshot = async (
  log: CommitLog,
  blobs: BlobStore,
  state: CommittedState,
  registry: Registry,
  previous: Manifest | undefined,
  load: (partition: StatePartition) => Promise<boolean>,
  onWritten: () => void | Promise<void>,
): Promise<{ registry: Registry; manifest: Manifest } | undefined> => {
  const images = await rewriteScattered(state.keyed, previous, load);
  if (images === undefined) return undefined;
  const layout = layOut(state.keyed, previous, state.epochs, images);
  const sweptTo = previous === undefined ? 0 : await collect(blobs, previous, registry, state.head.n);
  const { written, manifest, payload } = await store(log, blobs, state, layout, previous, sweptTo);
  const next: Registry = { ...registry, n: state.head.n, manifest: payload };
  await onWritten();
  const outcome = await log.moveRegistry(registry.n, next);
  // Where it is unknown the blobs may be in use; if they are not, a later collection finds them by their number.
  if (outcome === 'lost') {
    await blobs.delete([...(written ? [written] : []), ...(payload.at === 'blob' ? [payload.ref] : [])]);
  }
  if (outcome !== 'moved') return undefined;
  adoptSnapshot(manifest, state.keyed);
  return { registry: next, manifest };
};

/** Writes what a registry is to point to: the blob with the sections first, then the manifest that names it. */
const store = async (
  log: CommitLog,
  blobs: BlobStore,
  state: CommittedState,
  layout: Layout,
  previous: Manifest | undefined,
  sweptTo: number,
): Promise<{ written: BlobRef | undefined; manifest: Manifest; payload: StoredPayload }> => {
  const attemptId = log.newAttemptId();
  const { n } = state.head;
  const written = layout.content.length === 0 ? undefined : await blobs.put(n, `${attemptId}-s`, layout.content);
  const manifest = makeManifest(state, placeIn(layout, written, previous, state.epochs), sweptTo);
  const payload = await storeManifest(log, attemptId, manifest);
  return { written, manifest, payload };
};

export const storeManifest = (log: CommitLog, attemptId: string, manifest: Manifest): Promise<StoredPayload> =>
  log.store(manifest.header.n, `${attemptId}-m`, encodeFrame(JSON.stringify(manifest)));

export const decodeManifest = (bytes: Uint8Array): Manifest => JSON.parse(decodeFrame(bytes)) as Manifest;

/** Puts a snapshot's content into an empty state whose head is the manifest's. Partitions are left where they are stored. */
export const restoreSnapshot = (manifest: Manifest, state: CommittedState): void => {
  for (const partition of manifest.partitions) state.keyed.declare(partition[0], storedPartition(partition));
  for (const mark of manifest.marks) state.marks.apply(decodeMark(mark));
  state.floors = (manifest.floors ?? []).map(([from, to, watermarkMs]) => ({ from, to, watermarkMs }));
  state.ancestors = manifest.ancestors ?? [];
  for (const [stage, watermarkMs, excluded, runs] of manifest.coverage) {
    const coverage = state.coverage.get(stage);
    if (coverage === undefined) continue;
    coverage.watermarkMs = watermarkMs;
    coverage.excluded = excluded === 1;
    let lp = 0;
    for (const [count, n] of runs) {
      coverage.lastN.fill(n, lp, lp + count);
      lp += count;
    }
  }
  state.excluded = manifest.excluded;
  state.rejections = manifest.rejections;
};

/** Tells a state of a snapshot that holds a part of its commits: what is covered is loaded from there from now on. */
export const adoptSnapshot = (manifest: Manifest, keyed: KeyedState): void => {
  const stored = new Map(manifest.partitions.map((partition) => [partition[0], storedPartition(partition)]));
  for (const partition of keyed.partitions.values()) partition.covered(manifest.header.n, stored.get(partition.lp));
};

/** Where nothing was recorded, anything may be due and looked at: then it is loaded at once. */
const storedPartition = ([, sections, timerMs, watched, bytes]: ManifestPartition): StoredPartition => ({
  timerMs: timerMs === undefined ? Number.NEGATIVE_INFINITY : (timerMs ?? Number.POSITIVE_INFINITY),
  watched: watched !== 0,
  bytes: bytes ?? MEMORY_PER_STORED_BYTE * sections.reduce((sum, [, , length]) => sum + length, 0),
});

/** Whether runs have become so many, beside their image, that the partition is better rewritten as a whole. */
const isRewriteDue = (sections: readonly Section[], runBytes = 0): boolean => {
  const imageBytes = sections[0]?.[2] ?? 0;
  const all = sections.slice(1).reduce((sum, [, , length]) => sum + length, runBytes);
  return all > imageBytes * REWRITE_SHARE || sections.length >= MAX_SECTIONS;
};

interface Layout {
  readonly content: Uint8Array;
  /** Per partition: sections kept from before, and the new one's place in `content`, if any. */
  readonly partitions: readonly {
    partition: StatePartition;
    kept: readonly Section[];
    added: [offset: number, length: number, sha: string] | undefined;
  }[];
}

const layOut = (
  keyed: KeyedState,
  previous: Manifest | undefined,
  epochs: EpochReader,
  images: Images = new Map(),
): Layout => {
  // What had to be converted to be read is written as it is now, so that it need not be converted again.
  const isOutdated = ([blob]: Section): boolean =>
    epochs.from(previous?.blobs[blob]?.epoch ?? FIRST_EPOCH) !== undefined;
  const before = new Map(previous?.partitions.map(([lp, sections]) => [lp, sections]));
  const parts: Uint8Array[] = [];
  let offset = 0;
  const partitions = [...keyed.partitions.values()]
    .sort((a, b) => a.lp - b.lp)
    .map((partition) => {
      const sections = before.get(partition.lp) ?? [];
      const current = partition.isLoaded && sections.some(isOutdated) ? [] : sections;
      if (!partition.isDirty && current === sections) return { partition, kept: sections, added: undefined };
      const image = images.get(partition.lp);
      const { rewrite, bytes } =
        image === undefined ? encodePartition(partition, current) : { rewrite: true, bytes: image };
      const added: [number, number, string] | undefined =
        bytes === undefined ? undefined : [offset, bytes.length, sectionSha(bytes)];
      if (bytes !== undefined) {
        parts.push(bytes);
        offset += bytes.length;
      }
      return { partition, kept: rewrite ? [] : current, added };
    });
  return { content: Buffer.concat(parts), partitions };
};

const encodePartition = (partition: StatePartition, sections: readonly Section[]) => {
  const run = encodeFrame(encodeEntries([...dirtyEntries(partition)]));
  // Of a partition that is not loaded only its changes are here.
  const isRun = sections.length > 0 && (!partition.isLoaded || !isRewriteDue(sections, run.length));
  return isRun ? { rewrite: false, bytes: run } : { rewrite: true, bytes: encodeImage(partition) };
};

/** New images of partitions by their number. */
type Images = ReadonlyMap<number, Uint8Array>;

/** All entries of a loaded partition; `undefined` where there are none. */
export const encodeImage = (partition: StatePartition): Uint8Array | undefined => {
  const entries = [...allEntries(partition)];
  return entries.length === 0 ? undefined : encodeFrame(encodeEntries(entries));
};

/**
 * Images of changed partitions that are not loaded and have too many runs, the most scattered first: a bounded amount. They
 * are loaded one after the other, as each may be unloaded when it is encoded.
 */
const rewriteScattered = async (
  keyed: KeyedState,
  previous: Manifest | undefined,
  load: (partition: StatePartition) => Promise<boolean>,
): Promise<Images | undefined> => {
  const images = new Map<number, Uint8Array>();
  const overdue = (previous?.partitions ?? [])
    .map(([lp, sections]) => ({ partition: keyed.partitions.get(lp), sections }))
    .filter(({ partition, sections }) => partition?.isLoaded === false && partition.isDirty && isRewriteDue(sections))
    .sort((a, b) => b.sections.length - a.sections.length);
  let bytes = 0;
  for (const { partition, sections } of overdue) {
    bytes += sections.reduce((sum, [, , length]) => sum + length, 0);
    if (images.size > 0 && bytes > REWRITE_BYTES) break;
    if (partition === undefined || !(await load(partition))) return undefined;
    const image = encodeImage(partition);
    if (image !== undefined) images.set(partition.lp, image);
  }
  return images;
};

/** Recognises a section: the first 64 bits of its SHA-256, in hex. */
export const sectionSha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

function* dirtyEntries(partition: StatePartition): Generator<EntryChange> {
  for (const [table, keys] of partition.dirty.entries()) {
    for (const key of keys.keys()) yield { lp: partition.lp, table, key, value: partition.tables[table]?.get(key) };
  }
}

function* allEntries(partition: StatePartition): Generator<EntryChange> {
  for (const [table, entries] of partition.tables.entries()) {
    for (const [key, value] of entries) yield { lp: partition.lp, table, key, value };
  }
}

const placeIn = (
  layout: Layout,
  written: BlobRef | undefined,
  previous: Manifest | undefined,
  epochs: EpochReader,
): Placed => {
  const old = previous?.blobs ?? [];
  const used = new Set(layout.partitions.flatMap(({ kept }) => kept.map(([blob]) => blob)));
  const renumbered = new Map([...used].sort((a, b) => a - b).map((blob, i) => [blob, i]));
  const kept = [...renumbered.keys()].map((blob) => old[blob] as StateBlob);
  return {
    blobs: written === undefined ? kept : [...kept, stamp(written, epochs)],
    partitions: layout.partitions.flatMap(({ partition, kept: sections, added }) => {
      const all = sections.map(([blob, ...rest]): Section => [renumbered.get(blob) as number, ...rest]);
      if (added !== undefined) all.push([kept.length, ...added]);
      return all.length === 0 ? [] : [describePartition(partition, all)];
    }),
    dropped: old.filter((_, blob) => !used.has(blob)),
  };
};

/** A blob of sections that was written now. */
export const stamp = (written: BlobRef, { epoch }: EpochReader): StateBlob =>
  epoch === FIRST_EPOCH ? written : { ...written, epoch };

/** Where the partitions of a snapshot are. */
type Placed = Pick<Manifest, 'blobs' | 'partitions' | 'dropped'>;

export const makeManifest = (state: CommittedState, placed: Placed, sweptTo: number): Manifest => ({
  header: state.head,
  excluded: state.excluded,
  rejections: state.rejections,
  marks: state.marks.toChanges().map(encodeMark),
  floors: state.floors.map(({ from, to, watermarkMs }) => [from, to, watermarkMs]),
  ...(state.ancestors.length > 0 && { ancestors: state.ancestors }),
  coverage: [...state.coverage].map(([stage, c]) => [stage, c.watermarkMs, c.excluded ? 1 : 0, runLengths(c.lastN)]),
  ...placed,
  sweptTo,
});

export const describePartition = (partition: StatePartition, sections: Section[]): ManifestPartition => {
  const { lp, timerMs, isWatched, loadedBytes } = partition;
  if (timerMs === Number.NEGATIVE_INFINITY) return [lp, sections];
  return [lp, sections, Number.isFinite(timerMs) ? timerMs : null, isWatched ? 1 : 0, loadedBytes];
};

const runLengths = (values: Float64Array): [count: number, n: number][] => {
  const runs: [number, number][] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === value) last[0]++;
    else runs.push([1, value]);
  }
  return runs;
};

/**
 * Deletes what the previous snapshot made superfluous, and by number what lies below both it and the oldest slot of the
 * ring: payloads of overwritten slots, old manifests and what crashed writers left. It comes before the next snapshot,
 * which records how far it went: a writer that dies in between leaves nothing behind.
 * @returns blobs of commits below this number were collected
 */
const collect = async (
  blobs: BlobStore,
  previous: Manifest,
  { manifest, n, ringSize }: Registry,
  headN: number,
): Promise<number> => {
  await blobs.delete(previous.dropped);
  const to = Math.max(previous.sweptTo, Math.min(headN - ringSize + 1, n));
  if (to === previous.sweptTo) return to;
  const keep = [...previous.blobs, ...(manifest.at === 'blob' ? [manifest.ref] : [])];
  await blobs.sweep(previous.sweptTo, to, new Set(keep.map(blobName)));
  return to;
};
