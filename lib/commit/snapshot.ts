import { createHash } from 'node:crypto';
import type { KeyedState } from '../state/keyed-state.ts';
import type { StatePartition, StoredPartition } from '../state/state-partition.ts';
import type { EntryChange } from '../state/state-table.ts';
import type { EpochReader } from '../state/state-upgrade.ts';
import type { TableLayer } from '../state/stored-entries.ts';
import { type BlobRef, blobName } from './blob-ref.ts';
import type { BlobStore } from './blob-store.ts';
import { decodeMark, encodeMark } from './body-codec.ts';
import { chooseRewrites } from './choose-rewrites.ts';
import type { CommitLog } from './commit-log.ts';
import type { CommittedState } from './committed-state.ts';
import { type ChangeColumns, encodeEntries, toChangeColumns, toSetColumns } from './entry-columns.ts';
import { decodeFrame, encodeFrame } from './frame.ts';
import { FIRST_EPOCH, type Manifest, type ManifestPartition, type Section, type StateBlob } from './manifest.ts';
import type { Registry } from './registry.ts';
import type { StoredPayload } from './slot.ts';

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
  const changes = collectChanges(state.keyed, previous, state.epochs);
  if (!(await rewrite(changes, load))) return undefined;
  const layout = layOut(changes);
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

/** What a snapshot says of one partition: sections kept from before, and one more. */
interface PartitionChange {
  readonly partition: StatePartition;
  kept: readonly Section[];
  /** A run, or an image where nothing is kept. */
  added: Uint8Array | undefined;
}

/** Of each partition the changes that the snapshot before does not hold, as a run; all of it where nothing is stored. */
const collectChanges = (
  keyed: KeyedState,
  previous: Manifest | undefined,
  epochs: EpochReader,
): readonly PartitionChange[] => {
  // What had to be converted to be read is written as it is now, so that it need not be converted again.
  const isOutdated = ([blob]: Section): boolean =>
    epochs.from(previous?.blobs[blob]?.epoch ?? FIRST_EPOCH) !== undefined;
  const before = new Map(previous?.partitions.map(([lp, sections]) => [lp, sections]));
  return [...keyed.partitions.values()]
    .sort((a, b) => a.lp - b.lp)
    .map((partition) => {
      const sections = before.get(partition.lp) ?? [];
      const current = partition.isLoaded && sections.some(isOutdated) ? [] : sections;
      if (!partition.isDirty && current === sections) return { partition, kept: sections, added: undefined };
      const added = current.length === 0 ? encodeImage(partition) : encodeRun(partition);
      return { partition, kept: current, added };
    });
};

/**
 * Replaces runs by new images where it is time to. Those that are not loaded are loaded one after the other, and each may be
 * unloaded when it is encoded.
 * @returns false where what had to be loaded is gone
 */
const rewrite = async (
  changes: readonly PartitionChange[],
  load: (partition: StatePartition) => Promise<boolean>,
): Promise<boolean> => {
  const runs = changes.filter(({ kept, added }) => kept.length > 0 && added !== undefined);
  const chosen = chooseRewrites(
    runs.map(({ partition: { lp }, kept, added }) => ({ lp, sections: kept, runBytes: added?.length ?? 0 })),
    changes.reduce((sum, { added }) => sum + (added?.length ?? 0), 0),
  );
  const rewritten = runs.filter(({ partition }) => chosen.has(partition.lp));
  // What is loaded may have to go for what is not.
  for (const change of rewritten.sort((a, b) => Number(b.partition.isLoaded) - Number(a.partition.isLoaded))) {
    const { isLoaded } = change.partition;
    if (!isLoaded && !(await load(change.partition))) return false;
    const image = toImage(change.partition);
    change.added = encodeLayers(change.partition.lp, image);
    change.kept = [];
    // What is busy would only be taken out of its columns again; what was loaded for this is in columns.
    if (isLoaded && change.partition.isQuiet) change.partition.adopt(image);
  }
  return true;
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

const layOut = (changes: readonly PartitionChange[]): Layout => {
  let offset = 0;
  const partitions = changes.map(({ partition, kept, added }) => {
    if (added === undefined) return { partition, kept, added };
    const at = offset;
    offset += added.length;
    return { partition, kept, added: [at, added.length, sectionSha(added)] as [number, number, string] };
  });
  return { content: Buffer.concat(changes.flatMap(({ added }) => added ?? [])), partitions };
};

/** All entries of a loaded partition; `undefined` where there are none. */
export const encodeImage = (partition: StatePartition): Uint8Array | undefined =>
  encodeLayers(partition.lp, toImage(partition));

const toImage = ({ tables }: StatePartition): TableLayer[] =>
  tables.flatMap((entries, table) => entries.rows().map((rows): TableLayer => [table, { rows, deleted: [] }]));

const encodeLayers = (lp: number, image: readonly TableLayer[]): Uint8Array | undefined =>
  encodeColumns(image.map(([table, { rows }]) => toSetColumns(lp, table, rows)));

const encodeColumns = (columns: readonly ChangeColumns[]): Uint8Array | undefined =>
  columns.length === 0 ? undefined : encodeFrame(encodeEntries(columns));

const encodeRun = ({ lp, tables }: StatePartition): Uint8Array | undefined => {
  const changes: EntryChange[] = [];
  for (const [table, entries] of tables.entries())
    for (const [key, value] of entries.changes()) changes.push({ lp, table, key, value });
  return encodeColumns(toChangeColumns(changes));
};

/** Recognises a section: the first 64 bits of its SHA-256, in hex. */
export const sectionSha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

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
