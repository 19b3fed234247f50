import { type BlobRef, blobName } from '../../commit/blob-ref.ts';
import { BlobStore, type StateStores } from '../../commit/blob-store.ts';
import { decodeBody } from '../../commit/body-codec.ts';
import type { CommitBody } from '../../commit/commit.ts';
import { decodeFrame } from '../../commit/frame.ts';
import type { CoveredRun, Outbox } from '../../commit/outbox.ts';
import { decodeRegistry } from '../../commit/registry.ts';
import { decodeSlot, type Slot, type StoredPayload } from '../../commit/slot.ts';
import { decodeManifest } from '../../commit/snapshot.ts';
import { compareSequenceNumbers } from '../../connectors/sequence-number.ts';
import type { Item } from '../../state/item-store.ts';
import { MIN_WATERMARK_MS } from '../../time/watermark-strategy.ts';

/** What a commit has still to make visible before the next one may exist. */
interface Undrained {
  readonly n: number;
  readonly rows: Set<string>;
  /** By receiving stage: partitions that no packet of the commit has covered. */
  readonly partitions: Map<string, Set<number>>;
  readonly rejections: Set<number>;
}

/** One commit log, as its writes show it: one content per number, nothing missing, nothing before its time. */
export class LogWatch {
  n: number | undefined;
  watermarkMs = MIN_WATERMARK_MS;
  sequenceNumber: string | undefined;
  /** When somebody last saw what the shard holds after the position, by the position itself. */
  seenMs = 0;
  readonly #unit: string;
  readonly #violated: (what: string) => void;
  #base = 0;
  #ringSize = 0;
  #epoch = 0;
  #snapshotN = 0;
  #ready = false;
  #sealed = false;
  #inherits = false;
  #undrained: Undrained | undefined;
  #collected = false;
  #blobs: ReadonlySet<string> = new Set();

  constructor(unit: string, violated: (what: string) => void) {
    this.#unit = unit;
    this.#violated = (what) => violated(`${unit}: ${what}`);
  }

  get hasWrapped(): boolean {
    return (this.n ?? 0) - this.#base > this.#ringSize;
  }

  get base(): number {
    return this.#base;
  }

  get isReady(): boolean {
    return this.#ready;
  }

  /** Nobody needs what it held. */
  get isCollected(): boolean {
    return this.#collected;
  }

  /** Nothing may be committed any more: children of the shard own what it did. */
  get isSealed(): boolean {
    return this.#sealed;
  }

  /** A parent was sealed: until the child commits, its watermark is no later than that of any parent. */
  inherit(watermarkMs: number): void {
    if (this.n !== undefined) return;
    this.watermarkMs = this.#inherits ? Math.min(this.watermarkMs, watermarkMs) : watermarkMs;
    this.#inherits = true;
  }

  /**
   * @param stored the payload, where it is beside the slot
   * @returns what the commit says, as far as it can be read
   */
  onSlot(item: Item, replaced: Item | undefined, stored?: Uint8Array): CommitBody | undefined {
    const slot = decodeSlot(item);
    const { n, kind } = slot.header;
    if (kind === 'genesis') {
      if (replaced !== undefined && replaced.k !== 'genesis')
        this.#violated(`genesis wrote ${n} over commit ${replaced.n}`);
      return undefined;
    }
    if (slot.payload.at === 'none') {
      this.#checkStripped(item, replaced);
      return;
    }
    const next = (this.n ?? this.#base) + 1;
    if (n < next) this.#violated(`commit ${n} was written again, by another content, after ${next - 1}`);
    if (n > next) this.#violated(`commit ${n} was written where ${next} comes next`);
    if (!this.#ready) this.#violated(`commit ${n} was written before the ring was ready`);
    if (this.#snapshotN <= n - this.#ringSize)
      this.#violated(`commit ${n} overwrote ${n - this.#ringSize}; the snapshot is at ${this.#snapshotN}`);
    if (this.#sealed) this.#violated(`commit ${n} was written after the seal`);
    this.#sealed ||= kind === 'seal';
    this.#checkHeader(slot);
    this.n = Math.max(n, next - 1);
    const bytes = slot.payload.at === 'inline' ? slot.payload.bytes : stored;
    const body = bytes === undefined ? undefined : decodeBody(decodeFrame(bytes));
    this.#checkDrained(n, body?.outbox);
    return body;
  }

  async onRegistry(item: Item, stores: StateStores): Promise<void> {
    const registry = decodeRegistry(item, item.p as number, item.ring as number);
    if (this.#ready && (registry.status !== 'READY' || registry.n < this.#snapshotN))
      this.#violated(`the registry went back from ${this.#snapshotN} to ${registry.status} ${registry.n}`);
    this.#base = registry.base;
    this.#ringSize = item.ring as number;
    this.#ready = registry.status === 'READY';
    if (this.#collected && !registry.isCollected) this.#violated('it was collected, and its registry says otherwise');
    if (registry.isCollected && !this.#collected) this.#checkCollected(registry.n);
    this.#snapshotN = registry.n;
    if (this.n !== undefined && registry.n > this.n)
      this.#violated(`the snapshot is at ${registry.n}, beyond the head ${this.n}`);
    await this.#checkManifest(registry.manifest, new BlobStore(stores, this.#unit));
  }

  /** @param name without what says in which of the two places it was */
  onBlobDeleted(name: string): void {
    if (this.#blobs.has(name)) this.#violated(`blob ${name} was deleted, and the snapshot needs it`);
  }

  onRow(sink: string, n: number, index: number): void {
    this.#requireCommitted(n, `a row to ${sink}`);
    this.#undrained?.rows.delete(rowId(n, index));
  }

  onPacket(stage: string, n: number, runs: readonly CoveredRun[]): void {
    this.#requireCommitted(n, `a packet to ${stage}`);
    if (this.#undrained?.n !== n) return;
    const open = this.#undrained.partitions.get(stage);
    for (const { from, to } of runs) for (let lp = from; lp <= to; lp++) open?.delete(lp);
  }

  onQuarantined(n: number, index: number): void {
    this.#requireCommitted(n, 'a rejected record');
    if (this.#undrained?.n === n) this.#undrained.rejections.delete(index);
  }

  requireDrained(when: string): void {
    if (this.#undrained !== undefined) this.#reportUndrained(this.#undrained, when);
  }

  /** A collected log's slots stay as they are, without their bodies. */
  #checkStripped(item: Item, replaced: Item | undefined): void {
    const headerOf = (of: Item) => JSON.stringify(decodeSlot(of).header);
    if (!this.#collected) this.#violated(`commit ${item.n} lost its body although the log is not collected`);
    if (replaced === undefined || headerOf(replaced) !== headerOf(item))
      this.#violated(`commit ${item.n} is another one without its body`);
  }

  #checkCollected(n: number): void {
    if (!this.#sealed || n !== this.n) this.#violated(`it is collected at ${n}; its head is ${this.n}`);
    this.requireDrained('when it was collected');
    this.#collected = true;
  }

  #requireCommitted(n: number, what: string): void {
    if (n > (this.n ?? this.#base))
      this.#violated(`${what} of commit ${n} is visible; the head is ${this.n ?? this.#base}`);
  }

  #checkHeader({ header: { n, watermarkMs, position, epoch, kind } }: Slot): void {
    if (epoch < this.#epoch) this.#violated(`the epoch fell from ${this.#epoch} to ${epoch} at commit ${n}`);
    // What an earlier epoch has not sent in time is carried on before the log is upgraded.
    if (this.n !== undefined && epoch > this.#epoch && kind !== 'upgrade' && kind !== 'mark')
      this.#violated(`epoch ${epoch} began with a ${kind} at commit ${n}, not with an upgrade`);
    this.#epoch = epoch;
    if (watermarkMs < this.watermarkMs)
      this.#violated(`the watermark fell from ${this.watermarkMs} to ${watermarkMs} at commit ${n}`);
    this.watermarkMs = watermarkMs;
    const { sequenceNumber } = position;
    const before = this.sequenceNumber;
    if (before !== undefined && (sequenceNumber === undefined || compareSequenceNumbers(sequenceNumber, before) < 0))
      this.#violated(`the position fell from ${before} to ${sequenceNumber} at commit ${n}`);
    this.sequenceNumber = sequenceNumber;
    this.seenMs = Math.max(position.arrivalMs, position.emptyAsOfMs);
  }

  #checkDrained(n: number, outbox: Outbox | undefined): void {
    const before = this.#undrained;
    this.#undrained = outbox === undefined ? undefined : undrained(n, outbox);
    if (before === undefined) return;
    // A commit may take over rows that an earlier one could not write in time.
    for (const row of this.#undrained?.rows ?? []) before.rows.delete(row);
    this.#reportUndrained(before, `when commit ${n} was written`);
  }

  #reportUndrained({ n, rows, partitions, rejections }: Undrained, when: string): void {
    const left = [
      ...[...rows].map((row) => `row ${row}`),
      ...[...partitions].flatMap(([stage, lps]) => (lps.size === 0 ? [] : [`${lps.size} partitions of ${stage}`])),
      ...[...rejections].map((index) => `rejected record ${index}`),
    ];
    if (left.length > 0) this.#violated(`outputs of commit ${n} were not out ${when}: ${left.slice(0, 3).join(', ')}`);
  }

  async #checkManifest(payload: StoredPayload, blobs: BlobStore): Promise<void> {
    this.#blobs = new Set();
    if (payload.at === 'none') return;
    const needed: BlobRef[] = payload.at === 'blob' ? [payload.ref] : [];
    try {
      const bytes = payload.at === 'inline' ? payload.bytes : await blobs.get(payload.ref);
      const manifest = decodeManifest(bytes);
      needed.push(...manifest.blobs);
      for (const ref of manifest.blobs) await blobs.get(ref);
    } catch (error) {
      this.#violated(
        `the snapshot at ${this.#snapshotN} cannot be read: ${error instanceof Error ? error.message : error}`,
      );
    }
    this.#blobs = new Set(needed.map(blobName));
  }
}

/** Told by its number alone: a later version may call its sink by another name. */
const rowId = (n: number, index: number): string => `${n}/${index}`;

const undrained = (n: number, outbox: Outbox): Undrained => ({
  n,
  rows: new Set(outbox.sinks.flatMap(({ rows }) => rows.map((row) => rowId(row.n, row.index)))),
  partitions: new Map(
    outbox.hops.map(({ stage, covers }) => [
      stage,
      new Set(covers.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => from + i))),
    ]),
  ),
  rejections: new Set(outbox.rejections.keys()),
});
