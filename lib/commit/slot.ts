import { MillraceError } from '../errors/millrace-error.ts';
import type { AttributeValue, Item, ItemKey } from '../state/item-store.ts';
import { type BlobRef, decodeBlobRef, encodeBlobRef } from './blob-ref.ts';
import type { CommitHeader, CommitKind } from './commit.ts';

/** Slots in a unit's ring, unless its registry says otherwise: the simulator's rings are small, to wrap often. */
export const RING_SIZE = 128;

/** The body of a commit: in its slot, or beside it. */
export type StoredPayload =
  | { readonly at: 'inline'; readonly bytes: Uint8Array }
  | { readonly at: 'blob'; readonly ref: BlobRef }
  /** Genesis slots have none. */
  | { readonly at: 'none' };

export interface Slot {
  readonly header: CommitHeader;
  readonly payload: StoredPayload;
}

export const slotIndex = (n: number, ringSize: number = RING_SIZE): number => ((n % ringSize) + ringSize) % ringSize;

/** Sort keys of slots sort by index. */
export const slotSortKey = (index: number): string => `L#${String(index).padStart(3, '0')}`;

export const slotKey = (unit: string, n: number, ringSize: number = RING_SIZE): ItemKey => ({
  pk: unit,
  sk: slotSortKey(slotIndex(n, ringSize)),
});

export const encodeSlot = (unit: string, { header, payload }: Slot, ringSize: number = RING_SIZE): Item => {
  const item: Record<string, AttributeValue> = {
    ...slotKey(unit, header.n, ringSize),
    n: header.n,
    a: header.attemptId,
    e: header.epoch,
    k: header.kind,
    t: header.position.arrivalMs,
    y: header.position.emptyAsOfMs,
    w: header.watermarkMs,
  };
  if (header.position.sequenceNumber !== undefined) item.s = header.position.sequenceNumber;
  if (payload.at === 'inline') item.b = payload.bytes;
  if (payload.at === 'blob') item.r = encodeBlobRef(payload.ref);
  return item as Item;
};

/** @throws MillraceError `CORRUPT_LOG` where the item cannot be a slot */
export const decodeSlot = (item: Item): Slot => {
  const { n, a, e, k, t, y, w, s, b, r } = item;
  if (typeof n !== 'number' || typeof a !== 'string' || typeof k !== 'string') {
    throw new MillraceError('corrupt', 'CORRUPT_LOG', `Item ${item.pk} ${item.sk} is not a slot of a commit log.`, {
      fix: 'Something else wrote to the state table: restore it from a backup, and give Millrace a table of its own.',
    });
  }
  return {
    header: {
      n,
      attemptId: a,
      epoch: e as number,
      kind: k as CommitKind,
      position: { sequenceNumber: s as string | undefined, arrivalMs: t as number, emptyAsOfMs: y as number },
      watermarkMs: w as number,
    },
    payload:
      b !== undefined
        ? { at: 'inline', bytes: b as Uint8Array }
        : r !== undefined
          ? { at: 'blob', ref: decodeBlobRef(r as string) }
          : { at: 'none' },
  };
};
