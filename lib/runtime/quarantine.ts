import { BlobMissing, decodeBlobRef, encodeBlobRef } from '../commit/blob-ref.ts';
import { BlobStore, type StateStores } from '../commit/blob-store.ts';
import { decodeFrame, encodeFrame } from '../commit/frame.ts';
import { type Job, unitsOf } from '../commit/job.ts';
import { unitName } from '../commit/log-unit.ts';
import type { Rejection } from '../commit/outbox.ts';
import type { AttributeValue, Item, ItemKey } from '../state/item-store.ts';
import { pagesOf } from '../state/pages.ts';

/** A rejection as listed: with the commit that quarantined it. */
export interface QuarantinedRecord extends Rejection {
  readonly unit: string;
  readonly n: number;
  readonly index: number;
}

/** A rejected record may be as large as a stream record; past this it is stored beside its item. */
const INLINE_BYTES = 300 * 1024;

/** Writes a commit's rejections to the unit's quarantine. The same items at every republish, whoever publishes. */
export const storeRejections = async (
  stores: StateStores,
  unit: string,
  n: number,
  rejections: readonly Rejection[],
): Promise<void> => {
  const blobs = new BlobStore(stores, quarantineKey(unit));
  const stored = await Promise.all(
    rejections.map(async (rejection, index): Promise<Item> => {
      const item: Record<string, AttributeValue> = { pk: quarantineKey(unit), sk: sortKey(n, index), n, i: index };
      const content = encodeFrame(JSON.stringify(rejection));
      if (content.length <= INLINE_BYTES) item.b = content;
      else item.r = encodeBlobRef(await blobs.put(n, `q${index}`, content));
      return item as Item;
    }),
  );
  await stores.items.putMany(stored);
};

/**
 * All quarantined records of a job, by stage, shard and commit, without those that were redriven.
 * @example for await (const record of listQuarantine(stores, job)) console.log(record.code, record.payload);
 */
export async function* listQuarantine(stores: StateStores, job: Job): AsyncGenerator<QuarantinedRecord> {
  for (const stage of Object.keys(job.roster)) {
    for (const logUnit of await unitsOf(stores.items, job, stage)) yield* listUnit(stores, unitName(logUnit));
  }
}

async function* listUnit(stores: StateStores, unit: string): AsyncGenerator<QuarantinedRecord> {
  for await (const page of pagesOf(stores.items, { pk: quarantineKey(unit), from: ' ', to: '~', limit: 100 })) {
    const places = page.map((item) => ({ unit, n: item.n as number, index: item.i as number }));
    const marks = await stores.items.getMany(places.map(markKey));
    for (const [i, item] of page.entries()) {
      if (marks[i] === undefined) yield* await decodeItem(stores, unit, item);
    }
  }
}

/** Where an item of the quarantine is. */
export type QuarantinePlace = Pick<QuarantinedRecord, 'unit' | 'n' | 'index'>;

/** Names an item of the quarantine, for people and scripts too. */
export const quarantineId = ({ unit, n, index }: QuarantinePlace): string => `${unit}#${n}#${index}`;

/** The records that are there and were not redriven, as of now. */
export const readQuarantined = async (
  stores: StateStores,
  places: readonly QuarantinePlace[],
): Promise<readonly QuarantinedRecord[]> => {
  const [found, marks] = await Promise.all([
    stores.items.getMany(places.map(itemKey)),
    stores.items.getMany(places.map(markKey)),
  ]);
  const records = places.map(async ({ unit }, i) => {
    const item = found[i];
    return item === undefined || marks[i] !== undefined ? [] : decodeItem(stores, unit, item);
  });
  return (await Promise.all(records)).flat();
};

/**
 * Puts on record that items were redriven, and only then deletes them. The marks stay: a frozen container may wake and
 * write an item again, which is to be seen for what it is.
 */
export const markRedriven = async (stores: StateStores, records: readonly QuarantinedRecord[]): Promise<void> => {
  await stores.items.putMany(records.map((record) => ({ ...markKey(record), n: record.n, i: record.index })));
  const found = await stores.items.getMany(records.map(itemKey));
  await stores.items.deleteMany(records.map(itemKey));
  for (const [i, { unit }] of records.entries()) {
    const ref = found[i]?.r;
    if (ref !== undefined) await new BlobStore(stores, quarantineKey(unit)).delete([decodeBlobRef(ref as string)]);
  }
};

/** Nothing where its content was deleted since the item was read: it is redriven by then. */
const decodeItem = async (stores: StateStores, unit: string, item: Item): Promise<QuarantinedRecord[]> => {
  const blobs = new BlobStore(stores, quarantineKey(unit));
  try {
    const content = (item.b as Uint8Array | undefined) ?? (await blobs.get(decodeBlobRef(item.r as string)));
    const rejection = JSON.parse(decodeFrame(content)) as Rejection;
    return [{ ...rejection, unit, n: item.n as number, index: item.i as number }];
  } catch (error) {
    if (error instanceof BlobMissing) return [];
    throw error;
  }
};

const quarantineKey = (unit: string): string => `${unit}#Q`;

const itemKey = ({ unit, n, index }: QuarantinePlace): ItemKey => ({ pk: quarantineKey(unit), sk: sortKey(n, index) });

const markKey = ({ unit, n, index }: QuarantinePlace): ItemKey => ({ pk: `${unit}#R`, sk: sortKey(n, index) });

const sortKey = (n: number, index: number): string =>
  `${String(n).padStart(15, '0')}#${String(index).padStart(6, '0')}`;
