import { BlobStore, decodeBlobRef, encodeBlobRef } from '../commit/blob-store.ts';
import { decodeFrame, encodeFrame } from '../commit/frame.ts';
import { type Job, unitsOf } from '../commit/job.ts';
import { unitName } from '../commit/log-unit.ts';
import type { Rejection } from '../commit/outbox.ts';
import type { AttributeValue, Item, ItemStore } from '../state/item-store.ts';

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
  items: ItemStore,
  unit: string,
  n: number,
  rejections: readonly Rejection[],
): Promise<void> => {
  const blobs = new BlobStore(items, quarantineKey(unit));
  const stored = await Promise.all(
    rejections.map(async (rejection, index): Promise<Item> => {
      const item: Record<string, AttributeValue> = { pk: quarantineKey(unit), sk: sortKey(n, index), n, i: index };
      const content = encodeFrame(JSON.stringify(rejection));
      if (content.length <= INLINE_BYTES) item.b = content;
      else item.r = encodeBlobRef(await blobs.put(n, `q${index}`, content));
      return item as Item;
    }),
  );
  await items.putMany(stored);
};

/**
 * All quarantined records of a job, by stage, shard and commit.
 * @example for await (const record of listQuarantine(items, job)) console.log(record.code, record.payload);
 */
export async function* listQuarantine(items: ItemStore, job: Job): AsyncGenerator<QuarantinedRecord> {
  for (const stage of Object.keys(job.roster)) {
    for (const logUnit of await unitsOf(items, job, stage)) yield* listUnit(items, unitName(logUnit));
  }
}

async function* listUnit(items: ItemStore, unit: string): AsyncGenerator<QuarantinedRecord> {
  const pk = quarantineKey(unit);
  const blobs = new BlobStore(items, pk);
  let from = ' ';
  for (let more = true; more; ) {
    const page = await items.query({ pk, from, to: '~', limit: 100 });
    for (const item of page.items) {
      const content = (item.b as Uint8Array | undefined) ?? (await blobs.get(decodeBlobRef(item.r as string)));
      const rejection = JSON.parse(decodeFrame(content)) as Rejection;
      yield { ...rejection, unit, n: item.n as number, index: item.i as number };
      from = `${item.sk} `;
    }
    more = page.more && page.items.length > 0;
  }
}

const quarantineKey = (unit: string): string => `${unit}#Q`;

const sortKey = (n: number, index: number): string =>
  `${String(n).padStart(15, '0')}#${String(index).padStart(6, '0')}`;
