import { DynamoItemStore } from '../../../lib/aws/dynamo-item-store.ts';
import type { StreamPort } from '../../../lib/connectors/stream-port.ts';
import { createStateTable } from '../../../lib/local/engines/resources.ts';
import { MemoryItemStore } from '../../../lib/memory/memory-item-store.ts';
import type { ItemStore, StoreObserver, StoreRequest } from '../../../lib/state/item-store.ts';
import { localClients } from '../local-clients.ts';
import type { Traffic } from '../trial.ts';

const putUnitBytes = 25_000;
const reading: ReadonlySet<StoreRequest['operation']> = new Set(['get', 'getMany', 'query']);

/** Counts what a job asks of the services around it. */
export class TrafficMeter {
  #requests = 0;
  #reads = 0;
  #readUnits = 0;
  #writeUnits = 0;
  #putUnits = 0;

  readonly observe: StoreObserver = ({ operation, readUnits, writeUnits }) => {
    this.#requests++;
    if (reading.has(operation)) this.#reads++;
    this.#readUnits += readUnits;
    this.#writeUnits += writeUnits;
  };

  /** The same streams; what stages put into them is counted. */
  metered(streams: StreamPort): StreamPort {
    return {
      describe: (stream) => streams.describe(stream),
      listShards: (stream) => streams.listShards(stream),
      openReader: (stream, shardId, start) => streams.openReader(stream, shardId, start),
      putRecords: (stream, entries) => {
        for (const { data } of entries) this.#putUnits += Math.ceil(data.length / putUnitBytes);
        return streams.putRecords(stream, entries);
      },
    };
  }

  reset(): void {
    this.#requests = 0;
    this.#reads = 0;
    this.#readUnits = 0;
    this.#writeUnits = 0;
    this.#putUnits = 0;
  }

  get traffic(): Omit<Traffic, 'events'> {
    return {
      requests: this.#requests,
      reads: this.#reads,
      readUnits: this.#readUnits,
      writeUnits: this.#writeUnits,
      putUnits: this.#putUnits,
    };
  }
}

/** An empty state table: in memory, or on an engine. */
export const makeItems = async (
  endpoint: string | undefined,
  tableName: string,
  observer: StoreObserver,
): Promise<{ readonly items: ItemStore; close(): void }> => {
  if (endpoint === undefined) return { items: new MemoryItemStore({ observer }), close: () => undefined };
  const clients = localClients(endpoint);
  await createStateTable(clients.dynamo, tableName);
  return {
    items: new DynamoItemStore({ client: clients.dynamo, tableName, observer }),
    close: () => clients.destroy(),
  };
};
