import { MillraceError } from '../errors/millrace-error.ts';
import type { AttributeValue, Item, ItemKey } from '../state/item-store.ts';
import { decodeBlobRef, encodeBlobRef } from './blob-ref.ts';
import { RING_SIZE, type StoredPayload } from './slot.ts';

/** The version of everything Millrace stores: slots, bodies, manifests, packets. `docs/state-format.md` describes it. */
export const STATE_FORMAT = 1;

/**
 * Item `S` of a unit: whether its ring exists, and up to which commit a snapshot covers it. Permanent; it changes by
 * compare-and-set only and `n` only grows.
 */
export interface Registry {
  readonly status: 'CREATING' | 'READY';
  /** The number before the first commit: 0 for a root, the largest of its parents' last numbers for a child. */
  readonly base: number;
  /** The snapshot holds everything up to and including commit `n`. */
  readonly n: number;
  readonly partitions: number;
  /** Slots of the ring. */
  readonly ringSize: number;
  /** The snapshot's manifest; none before the first snapshot of a root, nor where the log was collected. */
  readonly manifest: StoredPayload;
  /** The log was sealed with commit `n`, its children have all begun, and what it held is or may be deleted. */
  readonly isCollected?: true;
}

export const registryKey = (unit: string): ItemKey => ({ pk: unit, sk: 'S' });

export const encodeRegistry = (unit: string, registry: Registry): Item => {
  const item: Record<string, AttributeValue> = {
    ...registryKey(unit),
    f: STATE_FORMAT,
    st: registry.status,
    base: registry.base,
    ring: registry.ringSize,
    n: registry.n,
    p: registry.partitions,
  };
  if (registry.manifest.at === 'inline') item.m = registry.manifest.bytes;
  if (registry.manifest.at === 'blob') item.r = encodeBlobRef(registry.manifest.ref);
  if (registry.isCollected) item.c = 1;
  return item as Item;
};

/** @throws MillraceError `STATE_FORMAT_NEWER`, or `CORRUPT_LOG` where the ring or the partitions are not this job's */
export const decodeRegistry = (item: Item, partitions: number, ringSize: number = RING_SIZE): Registry => {
  checkFormat(item.f, `unit ${item.pk}`);
  if (item.ring !== ringSize || item.p !== partitions) {
    throw new MillraceError(
      'corrupt',
      'CORRUPT_LOG',
      `Unit ${item.pk} has a ring of ${item.ring} and ${item.p} partitions, not ${ringSize} and ${partitions}.`,
      {
        fix: 'The number of partitions is fixed for an incarnation: put the old number back, or start a new state table.',
      },
    );
  }
  return {
    status: item.st as Registry['status'],
    base: item.base as number,
    n: item.n as number,
    partitions,
    ringSize,
    manifest:
      item.m !== undefined
        ? { at: 'inline', bytes: item.m as Uint8Array }
        : item.r !== undefined
          ? { at: 'blob', ref: decodeBlobRef(item.r as string) }
          : { at: 'none' },
    ...(item.c === 1 && { isCollected: true }),
  };
};

/** @throws MillraceError `STATE_FORMAT_NEWER` where a newer release wrote `what` */
export const checkFormat = (found: AttributeValue | undefined, what: string): void => {
  if (typeof found === 'number' && found <= STATE_FORMAT) return;
  throw new MillraceError(
    'configuration',
    'STATE_FORMAT_NEWER',
    `State format ${found} of ${what} is newer than ${STATE_FORMAT}, the newest this release reads.`,
    {
      fix: 'Deploy the release that wrote it, or a later one.',
      fields: { found, supported: STATE_FORMAT },
    },
  );
};
