import { readFileSync } from 'node:fs';
import type { Plan } from 'millrace';
import type { AttributeValue, Item } from '../../lib/state/item-store.ts';
import { VersionsRig } from './versions-rig.ts';

type StoredItem = Readonly<Record<string, string | number | { readonly base64: string }>>;

interface StoredPut {
  readonly partitionKey: string;
  readonly explicitHashKey?: string;
  readonly sequenceNumber: string;
  /** Base64; empty for what was processed. */
  readonly data: string;
}

/** What a run of an earlier release has left: its table and its streams. */
export interface StoredRun {
  readonly createdMs: number;
  readonly log: { readonly ringSize: number; readonly snapshotCommits: number };
  readonly plan: Plan;
  readonly streams: Readonly<Record<string, readonly StoredPut[]>>;
  readonly items: readonly StoredItem[];
}

export const readRun = <Run extends StoredRun>(file: URL): Run => JSON.parse(readFileSync(file, 'utf8')) as Run;

/** The table and the streams as that run left them. */
export const loadRun = async ({ log, items, streams }: StoredRun, shards: number): Promise<VersionsRig> => {
  const rig = new VersionsRig({ shards, log });
  await rig.items.putMany(items.map(decodeItem));
  for (const [stream, puts] of Object.entries(streams)) {
    rig.create(stream);
    for (const { partitionKey, explicitHashKey, sequenceNumber, data } of puts) {
      const hash = explicitHashKey === undefined ? {} : { explicitHashKey };
      const [outcome] = await rig.streams.putRecords(stream, [
        { partitionKey, ...hash, data: Buffer.from(data, 'base64') },
      ]);
      if (outcome?.ok !== true || outcome.sequenceNumber !== sequenceNumber)
        throw new Error(`${stream}: ${JSON.stringify(outcome)} where ${sequenceNumber} was`);
    }
  }
  return rig;
};

const decodeItem = (stored: StoredItem): Item =>
  Object.fromEntries(
    Object.entries(stored).map(([name, value]): [string, AttributeValue] => [
      name,
      typeof value === 'object' ? new Uint8Array(Buffer.from(value.base64, 'base64')) : value,
    ]),
  ) as unknown as Item;
