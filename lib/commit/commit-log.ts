import { forEachInFlight } from '../core/in-flight.ts';
import type { Random } from '../core/random.ts';
import { forEachReadAhead } from '../core/read-ahead.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import type { Item, ItemStore } from '../state/item-store.ts';
import { pagesOf } from '../state/pages.ts';
import { BlobMissing } from './blob-ref.ts';
import type { BlobStore } from './blob-store.ts';
import { decodeBody, encodeBody } from './body-codec.ts';
import type { CommitBody, CommitHeader } from './commit.ts';
import { decodeFrame, encodeFrame } from './frame.ts';
import { decodeRegistry, encodeRegistry, type Registry, registryKey } from './registry.ts';
import { decodeSlot, encodeSlot, RING_SIZE, type Slot, type StoredPayload, slotIndex, slotSortKey } from './slot.ts';

/** What one catch-up read should not exceed by much: it also returns slots that are not new. */
const CATCH_UP_BYTES = 64 * 1024;
const CATCH_UP_SLOTS = { least: 2, most: 16 } as const;

/** How many slots to ask for when catching up, where payloads have about this size. */
export const catchUpSlots = (payloadBytes: number): number =>
  Math.min(CATCH_UP_SLOTS.most, Math.max(CATCH_UP_SLOTS.least, Math.floor(CATCH_UP_BYTES / Math.max(1, payloadBytes))));

const STRIPS_IN_FLIGHT = 8;

/** The ring has moved past the number asked for: what was known is too old, and the registry has to be read again. */
export class RingWrapped extends Error {
  override readonly name = 'RingWrapped';
}

/** One unit's commit log: a ring of slots written by conditional puts, and nothing else. */
export class CommitLog {
  readonly unit: string;
  readonly ringSize: number;
  readonly #items: ItemStore;
  readonly #blobs: BlobStore;
  readonly #random: Random;
  readonly #inlineBytes: number;

  constructor(
    unit: string,
    items: ItemStore,
    blobs: BlobStore,
    random: Random,
    ringSize: number = RING_SIZE,
    inlineBytes: number = blobs.inlineBytes,
  ) {
    this.unit = unit;
    this.ringSize = ringSize;
    this.#inlineBytes = inlineBytes;
    this.#items = items;
    this.#blobs = blobs;
    this.#random = random;
  }

  async readRegistry(partitions: number): Promise<Registry | undefined> {
    const item = await this.#items.get(registryKey(this.unit));
    return item === undefined ? undefined : decodeRegistry(item, partitions, this.ringSize);
  }

  /**
   * Makes the ring, or finishes what another began. Conditional at every step, so that a frozen initialiser which wakes
   * after the first commits changes nothing: only here may a put ask for absence, and no commit is put before READY.
   *
   * @param base the number that the first commit follows: 0 for a root, that of its parents' last commit for a child
   * @param manifest what a child inherits, already stored
   */
  async genesis(base: number, partitions: number, manifest: StoredPayload = { at: 'none' }): Promise<Registry> {
    const creating: Registry = { status: 'CREATING', base, n: base, partitions, ringSize: this.ringSize, manifest };
    const created = await this.#items.put(encodeRegistry(this.unit, creating), { kind: 'absent' });
    const known =
      created.applied || created.existing === undefined
        ? creating
        : decodeRegistry(created.existing, partitions, this.ringSize);
    if (known.status === 'READY') return known;
    const numbers = Array.from({ length: this.ringSize }, (_, i) => known.base - this.ringSize + 1 + i);
    await Promise.all(
      numbers.map((n) => this.#items.put(encodeSlot(this.unit, genesisSlot(n), this.ringSize), { kind: 'absent' })),
    );
    const ready: Registry = { ...known, status: 'READY' };
    const set = await this.#items.put(encodeRegistry(this.unit, ready), {
      kind: 'equals',
      attribute: 'st',
      value: 'CREATING',
    });
    return set.applied || set.existing === undefined ? ready : decodeRegistry(set.existing, partitions, this.ringSize);
  }

  /**
   * Moves the registry from the snapshot at `from` to a newer one. `lost`: somebody else was first. `unknown`: it has moved
   * past this one, which may have been there before and be part of what is there now.
   */
  async moveRegistry(from: number, to: Registry): Promise<'moved' | 'lost' | 'unknown'> {
    const item = encodeRegistry(this.unit, to);
    const put = await this.#items.put(item, { kind: 'equals', attribute: 'n', value: from });
    // The SDK repeats a put whose answer was lost; the repeat finds the first one's own number.
    if (put.applied || sameManifest(put.existing, item)) return 'moved';
    if (put.existing === undefined) throw this.#corrupt('its registry is missing');
    return (put.existing.n as number) > to.n ? 'unknown' : 'lost';
  }

  /**
   * The longest dense chain of slots from `first` on, by strong reads of `pageSlots` slots each. Empty where `first` is not
   * written yet.
   * @throws RingWrapped where `first` has been overwritten
   */
  async readChain(first: number, pageSlots: number): Promise<Slot[]> {
    const chain: Slot[] = [];
    let expected = first;
    // Slots behind the chain's end are read for nothing, so a page is small until the chain has shown to be long.
    for (let limit = pageSlots; ; limit *= 2) {
      const index = slotIndex(expected, this.ringSize);
      const page = await this.#items.query({
        pk: this.unit,
        from: slotSortKey(index),
        to: slotSortKey(this.ringSize - 1),
        limit: Math.min(limit, this.ringSize - index),
      });
      if (page.items.length === 0) throw this.#corrupt(`slot ${index} is missing`);
      for (const item of page.items) {
        if (item.sk !== slotSortKey(slotIndex(expected, this.ringSize)))
          throw this.#corrupt(`slot ${slotIndex(expected, this.ringSize)} is missing`);
        const slot = decodeSlot(item);
        if (slot.header.n === expected - this.ringSize) return chain;
        if (slot.header.n > expected) throw new RingWrapped(this.unit);
        if (slot.header.n < expected)
          throw this.#corrupt(
            `slot ${index} holds commit ${slot.header.n} where ${expected} or ${expected - this.ringSize} must be`,
          );
        chain.push(slot);
        expected++;
      }
    }
  }

  /** Every slot, in the order of the ring. */
  async readRing(): Promise<Slot[]> {
    const slots: Slot[] = [];
    const range = { pk: this.unit, from: slotSortKey(0), to: slotSortKey(this.ringSize - 1) };
    for await (const page of pagesOf(this.#items, range)) slots.push(...page.map(decodeSlot));
    return slots;
  }

  /**
   * Says in the registry that the log was sealed with commit `n` and that what it held may be gone: before anything of it is,
   * so that whoever misses something finds out why. It never changes again: `n` is the last there is, which no snapshot follows.
   */
  async markCollected({ base, partitions, ringSize }: Registry, n: number): Promise<void> {
    const manifest = { at: 'none' as const };
    const last: Registry = { status: 'READY', base, n, partitions, ringSize, manifest, isCollected: true };
    const put = await this.#items.put(encodeRegistry(this.unit, last), {
      kind: 'equals',
      attribute: 'st',
      value: 'READY',
    });
    if (!put.applied) throw this.#corrupt('its registry is missing, though its children have begun');
  }

  /** Takes their bodies out of slots. Their numbers stay: a missing slot could be made again by a frozen initialiser. */
  async stripSlots(slots: readonly Slot[]): Promise<void> {
    await forEachInFlight(slots, STRIPS_IN_FLIGHT, async ({ header }) => {
      const bare = encodeSlot(this.unit, { header, payload: { at: 'none' } }, this.ringSize);
      await this.#items.put(bare, { kind: 'equals', attribute: 'n', value: header.n });
    });
  }

  /** @throws RingWrapped where the payload is gone: its slot has been overwritten since it was read, or the log was collected */
  async readBody(slot: Slot): Promise<CommitBody> {
    return decodeBody(decodeFrame(await this.#payloadOf(slot)));
  }

  /**
   * Hands over the bodies of a chain in order, each with its length as text. All are asked for at once; one is decoded at a time, so that
   * what is made of it and not kept is gone before the next.
   * @throws RingWrapped as `readBody` does, when those before have been handed over
   */
  async forEachBody(
    chain: readonly Slot[],
    use: (header: CommitHeader, body: CommitBody, characters: number) => void,
  ): Promise<void> {
    const decode = ({ header }: Slot, payload: Uint8Array) => {
      const text = decodeFrame(payload);
      use(header, decodeBody(text), text.length);
    };
    await forEachReadAhead(chain, (slot) => this.#payloadOf(slot), decode, chain.length);
  }

  async #payloadOf({ payload }: Slot): Promise<Uint8Array> {
    if (payload.at === 'none') throw new RingWrapped(this.unit);
    try {
      return await this.readPayload(payload);
    } catch (error) {
      if (error instanceof BlobMissing) throw new RingWrapped(this.unit);
      throw error;
    }
  }

  async readPayload(payload: StoredPayload): Promise<Uint8Array> {
    if (payload.at === 'none') throw this.#corrupt('a commit has no payload');
    return payload.at === 'inline' ? payload.bytes : this.#blobs.get(payload.ref);
  }

  /** Stores bytes inline where they are small, else as a blob that is acknowledged before this resolves. */
  async store(n: number, attemptId: string, bytes: Uint8Array): Promise<StoredPayload> {
    if (bytes.length <= this.#inlineBytes) return { at: 'inline', bytes };
    return { at: 'blob', ref: await this.#blobs.put(n, attemptId, bytes) };
  }

  /** An id for one try. A new one for every computed commit. */
  newAttemptId(): string {
    return this.#random.uniqueId();
  }

  /**
   * Puts commit n into slot n mod R on the one condition that commit n − R is what it holds.
   * @returns whether the commit is in the log; false means that another writer's commit n is
   * @throws MillraceError `OUTCOME_UNKNOWN`: the caller drops what it knows and never guesses
   */
  async append(header: CommitHeader, payload: StoredPayload): Promise<boolean> {
    const item = encodeSlot(this.unit, { header, payload }, this.ringSize);
    const put = await this.#items.put(item, { kind: 'equals', attribute: 'n', value: header.n - this.ringSize });
    if (put.applied) return true;
    if (put.existing === undefined) throw this.#corrupt(`slot ${slotIndex(header.n, this.ringSize)} is missing`);
    const found = decodeSlot(put.existing).header;
    // My own put, whose first answer was lost on the way: the client's repeat found it there.
    return found.n === header.n && found.attemptId === header.attemptId;
  }

  encodePayload(body: CommitBody): { readonly bytes: Uint8Array; readonly characters: number } {
    const text = encodeBody(body);
    return { bytes: encodeFrame(text), characters: text.length };
  }

  #corrupt(what: string): MillraceError {
    return new MillraceError('corrupt', 'CORRUPT_LOG', `The commit log of ${this.unit} is damaged: ${what}.`, {
      fix: 'Nothing was written. Restore the state table from a backup or a savepoint.',
    });
  }
}

/** Its payload is never read: what comes before the first commit is in the manifest, or nothing. */
const genesisSlot = (n: number): Slot => ({
  header: {
    n,
    attemptId: 'genesis',
    epoch: 0,
    kind: 'genesis',
    position: { sequenceNumber: undefined, arrivalMs: 0, emptyAsOfMs: 0 },
    watermarkMs: Number.MIN_SAFE_INTEGER,
  },
  payload: { at: 'none' },
});

const sameManifest = (found: Item | undefined, wanted: Item): boolean => {
  if (found === undefined || found.n !== wanted.n) return false;
  const [a, b] = [found.m, wanted.m];
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  return a === b && found.r === wanted.r;
};
