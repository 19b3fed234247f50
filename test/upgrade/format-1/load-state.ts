import { readFileSync } from 'node:fs';
import type { Plan } from 'millrace';
import type { AttributeValue, Item } from '../../../lib/state/item-store.ts';
import { VersionsRig } from '../../support/versions-rig.ts';
import type { Pane, Visit } from './pipeline.ts';

type StoredItem = Readonly<Record<string, string | number | { readonly base64: string }>>;

interface StoredPut {
  readonly partitionKey: string;
  readonly explicitHashKey?: string;
  readonly sequenceNumber: string;
  /** Base64; empty for what was processed. */
  readonly data: string;
}

/** What a run of an earlier release has left: see `state.json`. */
export interface StoredRun {
  readonly createdMs: number;
  readonly log: { readonly ringSize: number; readonly snapshotCommits: number };
  readonly plan: Plan;
  readonly sent: readonly Omit<Visit, 'text'>[];
  readonly output: Readonly<Record<'fired' | 'visited' | 'table', readonly Pane[]>>;
  readonly streams: Readonly<Record<string, readonly StoredPut[]>>;
  readonly items: readonly StoredItem[];
}

export const storedRun = JSON.parse(readFileSync(new URL('./state.json', import.meta.url), 'utf8')) as StoredRun;

/** The table and the streams as that run left them. */
export const loadState = async (): Promise<VersionsRig> => {
  const rig = new VersionsRig({ shards: 2, log: storedRun.log });
  await rig.items.putMany(storedRun.items.map(decodeItem));
  for (const [stream, puts] of Object.entries(storedRun.streams)) {
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
