import { aggregate } from '../../lib/connectors/kpl/aggregate.ts';
import type { PutEntry } from '../../lib/connectors/stream-port.ts';

export interface BatchOptions {
  /** Events in a batch. */
  readonly batch: number;
  /** One event a record, or as many as the producer library packs into one. */
  readonly records: 'plain' | 'kpl';
}

/** What the producer library packs into one record, by its own default. */
const aggregateBytes = 51_200;

export interface Batch {
  readonly events: number;
  readonly entries: readonly PutEntry[];
}

/** Events, lines of JSON in chunks of any size, as a producer puts them, so many at a time. */
export function* batchesOf(chunks: Iterable<readonly string[]>, { batch, records }: BatchOptions): Generator<Batch> {
  let entries: PutEntry[] = [];
  const packed = (): Batch => ({
    events: entries.length,
    entries: records === 'kpl' ? aggregate(entries, { maxSizeBytes: aggregateBytes }) : entries,
  });
  for (const lines of chunks) {
    for (const line of lines) {
      if (entries.push({ partitionKey: 'events', data: Buffer.from(line) }) < batch) continue;
      yield packed();
      entries = [];
    }
  }
  if (entries.length > 0) yield packed();
}
