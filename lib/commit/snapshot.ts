import type { KeyedState, StatePartition } from '../state/keyed-state.ts';
import type { EntryChange } from '../state/state-table.ts';
import { type EpochReader, upgradeEntries } from '../state/state-upgrade.ts';
import { type BlobRef, type BlobStore, blobName } from './blob-store.ts';
import {
  decodeChange,
  decodeMark,
  encodeChange,
  encodeMark,
  type StoredChange,
  type StoredMark,
} from './body-codec.ts';
import type { CommitHeader, RejectionCount } from './commit.ts';
import type { CommitLog } from './commit-log.ts';
import type { CommittedState } from './committed-state.ts';
import { decodeFrame, encodeFrame } from './frame.ts';
import type { Registry } from './registry.ts';
import type { StoredPayload } from './slot.ts';

/** A stretch of a blob that holds entries of one partition: a whole image, or a run of changes on top of it. */
type Section = [blob: number, offset: number, length: number];

/** A blob with sections of partitions. */
interface StateBlob extends BlobRef {
  /** The deployment whose layout its entries have. Missing in those of the first. */
  readonly epoch?: number;
}

const FIRST_EPOCH = 1;

/** What the registry points to: where each partition's image and runs are, and all of a task's state that has no keys. */
export interface Manifest {
  readonly header: CommitHeader;
  readonly excluded: boolean;
  readonly rejections: RejectionCount;
  readonly marks: readonly StoredMark[];
  readonly floors?: readonly [from: number, to: number, watermarkMs: number][];
  /** Per destination stage: `[stage, watermarkMs, excluded, lastN run-length coded as [count, n] pairs]`. */
  readonly coverage: readonly [
    stage: string,
    watermarkMs: number,
    excluded: 0 | 1,
    runs: [count: number, n: number][],
  ][];
  readonly blobs: readonly StateBlob[];
  /** `[lp, image first, then runs]`. */
  readonly partitions: readonly [lp: number, sections: Section[]][];
  /** Blobs that the snapshot before this one still needed: whoever reads that one may need them until the next. */
  readonly dropped: readonly BlobRef[];
  /** Blobs of commits below this number were collected. */
  readonly sweptTo: number;
}

/** The bytes that a run may add to a partition, as a share of its image, before the partition is rewritten. */
const REWRITE_SHARE = 0.5;

/** A partition in more places than this is rewritten too: each may be a blob of its own, to be read by a cold start. */
const MAX_SECTIONS = 32;

/**
 * Writes what changed since `registry` and moves the registry to the head: one blob with the changed partitions'
 * runs (or new images), one manifest. Costs by what changed, not by what is stored.
 * @returns the new registry, or `undefined` where another container moved it first
 */
export const writeSnapshot = async (
  log: CommitLog,
  blobs: BlobStore,
  state: CommittedState,
  registry: Registry,
  previous: Manifest | undefined,
  onWritten: () => void | Promise<void>,
): Promise<{ registry: Registry; manifest: Manifest } | undefined> => {
  const attemptId = log.newAttemptId();
  const n = state.head.n;
  const layout = layOut(state.keyed, previous, state.epochs);
  const sweptTo = previous === undefined ? 0 : await collect(blobs, previous, registry, n);
  const written = layout.content.length === 0 ? undefined : await blobs.put(n, `${attemptId}-s`, layout.content);
  const manifest = makeManifest(state, layout, written, previous, sweptTo);
  const payload = await log.store(n, `${attemptId}-m`, encodeFrame(JSON.stringify(manifest)));
  const next: Registry = { ...registry, n, manifest: payload };
  await onWritten();
  const outcome = await log.moveRegistry(registry.n, next);
  // Where it is unknown the blobs may be in use; if they are not, a later collection finds them by their number.
  if (outcome === 'lost') {
    await blobs.delete([...(written ? [written] : []), ...(payload.at === 'blob' ? [payload.ref] : [])]);
  }
  if (outcome !== 'moved') return undefined;
  for (const partition of state.keyed.partitions.values()) partition.clearDirty();
  return { registry: next, manifest };
};

/**
 * Writes what a child inherits, as the snapshot that its log will begin with. Whoever makes the log at the same time writes
 * the same under other names; what loses is found by its number and collected.
 */
export const writeImage = async (log: CommitLog, blobs: BlobStore, state: CommittedState): Promise<StoredPayload> => {
  const attemptId = log.newAttemptId();
  const n = state.head.n;
  const layout = layOut(state.keyed, undefined, state.epochs);
  const written = layout.content.length === 0 ? undefined : await blobs.put(n, `${attemptId}-s`, layout.content);
  const manifest = makeManifest(state, layout, written, undefined, 0);
  return log.store(n, `${attemptId}-m`, encodeFrame(JSON.stringify(manifest)));
};

export const decodeManifest = (bytes: Uint8Array): Manifest => JSON.parse(decodeFrame(bytes)) as Manifest;

/** Puts a snapshot's content into an empty state whose head is the manifest's. */
export const restoreSnapshot = async (blobs: BlobStore, manifest: Manifest, state: CommittedState): Promise<void> => {
  const contents = await Promise.all(manifest.blobs.map((ref) => blobs.get(ref)));
  for (const [, sections] of manifest.partitions) {
    for (const [blob, offset, length] of sections) {
      const text = decodeFrame((contents[blob] as Uint8Array).subarray(offset, offset + length));
      const entries = (JSON.parse(text) as StoredChange[]).map(decodeChange);
      const { epoch = FIRST_EPOCH } = manifest.blobs[blob] as StateBlob;
      state.keyed.apply(upgradeEntries(entries, state.epochs.from(epoch)), true);
    }
  }
  for (const mark of manifest.marks) state.marks.apply(decodeMark(mark));
  state.floors = (manifest.floors ?? []).map(([from, to, watermarkMs]) => ({ from, to, watermarkMs }));
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

interface Layout {
  readonly content: Uint8Array;
  /** Per partition: sections kept from before, and the new one's offset and length in `content`, if any. */
  readonly partitions: readonly {
    lp: number;
    kept: readonly Section[];
    added: [offset: number, length: number] | undefined;
  }[];
}

const layOut = (keyed: KeyedState, previous: Manifest | undefined, epochs: EpochReader): Layout => {
  // What had to be converted to be read is written as it is now, so that it need not be converted again.
  const isOutdated = ([blob]: Section): boolean =>
    epochs.from(previous?.blobs[blob]?.epoch ?? FIRST_EPOCH) !== undefined;
  const before = new Map(previous?.partitions ?? []);
  const parts: Uint8Array[] = [];
  let offset = 0;
  const partitions = [...keyed.partitions.values()]
    .sort((a, b) => a.lp - b.lp)
    .map((partition) => {
      const sections = before.get(partition.lp) ?? [];
      const current = sections.some(isOutdated) ? [] : sections;
      const isKept = current === sections;
      if (!partition.isDirty && isKept) return { lp: partition.lp, kept: sections, added: undefined };
      const { rewrite, bytes } = encodePartition(partition, current);
      const added: [number, number] | undefined = bytes === undefined ? undefined : [offset, bytes.length];
      if (bytes !== undefined) {
        parts.push(bytes);
        offset += bytes.length;
      }
      return { lp: partition.lp, kept: rewrite ? [] : current, added };
    });
  return { content: Buffer.concat(parts), partitions };
};

const encodePartition = (partition: StatePartition, sections: readonly Section[]) => {
  const run = encodeFrame(encodeEntries(dirtyEntries(partition)));
  const imageBytes = sections[0]?.[2] ?? 0;
  const runBytes = sections.slice(1).reduce((sum, [, , length]) => sum + length, run.length);
  const isCheap = runBytes <= imageBytes * REWRITE_SHARE && sections.length < MAX_SECTIONS;
  if (sections.length > 0 && isCheap) return { rewrite: false, bytes: run };
  const entries = [...allEntries(partition)];
  return { rewrite: true, bytes: entries.length === 0 ? undefined : encodeFrame(encodeEntries(entries)) };
};

const encodeEntries = (entries: Iterable<EntryChange>): string => `[${Array.from(entries, encodeChange).join(',')}]`;

function* dirtyEntries(partition: StatePartition): Generator<EntryChange> {
  for (const [table, keys] of partition.dirty.entries()) {
    for (const key of keys) yield { lp: partition.lp, table, key, value: partition.tables[table]?.get(key) };
  }
}

function* allEntries(partition: StatePartition): Generator<EntryChange> {
  for (const [table, entries] of partition.tables.entries()) {
    for (const [key, value] of entries) yield { lp: partition.lp, table, key, value };
  }
}

const makeManifest = (
  state: CommittedState,
  layout: Layout,
  written: BlobRef | undefined,
  previous: Manifest | undefined,
  sweptTo: number,
): Manifest => {
  const old = previous?.blobs ?? [];
  const used = new Set(layout.partitions.flatMap(({ kept }) => kept.map(([blob]) => blob)));
  const renumbered = new Map([...used].sort((a, b) => a - b).map((blob, i) => [blob, i]));
  const kept = [...renumbered.keys()].map((blob) => old[blob] as StateBlob);
  const { epoch } = state.epochs;
  const stamped = written && (epoch === FIRST_EPOCH ? written : { ...written, epoch });
  return {
    header: state.head,
    excluded: state.excluded,
    rejections: state.rejections,
    marks: state.marks.toChanges().map(encodeMark),
    floors: state.floors.map(({ from, to, watermarkMs }) => [from, to, watermarkMs]),
    coverage: [...state.coverage].map(([stage, c]) => [stage, c.watermarkMs, c.excluded ? 1 : 0, runLengths(c.lastN)]),
    blobs: stamped === undefined ? kept : [...kept, stamped],
    partitions: layout.partitions.flatMap(({ lp, kept: sections, added }) => {
      const all: Section[] = sections.map(([blob, offset, length]) => [renumbered.get(blob) as number, offset, length]);
      if (added !== undefined) all.push([kept.length, ...added]);
      return all.length === 0 ? [] : [[lp, all] as [number, Section[]]];
    }),
    dropped: old.filter((_, blob) => !used.has(blob)),
    sweptTo,
  };
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
