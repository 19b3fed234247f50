import type { OutputRow, SinkWriter } from '../../lib/connectors/sink-port.ts';
import type { ShardReader, StreamPort } from '../../lib/connectors/stream-port.ts';
import type { Item, ItemStore } from '../../lib/state/item-store.ts';

/** One call of a container to something outside its process. */
export interface PortCall {
  readonly port: 'items' | 'streams' | 'sinks';
  readonly operation: string;
  readonly writes: boolean;
  /** Sort key of the item, name of the stream or id of the sink. */
  readonly target: string;
  /** A put that asks for absence, as genesis makes them by the hundred. */
  readonly genesis?: boolean;
}

/** Stands between a container and the world: may delay, refuse, repeat or swallow every call. */
export interface Faults {
  around<T>(call: PortCall, effect: () => Promise<T>): Promise<T>;
}

/** What a dead process waits for. */
export const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

export const faultyItems = (items: ItemStore, faults: Faults): ItemStore => {
  const read = (operation: string, target: string) => ({ port: 'items' as const, operation, writes: false, target });
  const write = (operation: string, target: string) => ({ ...read(operation, target), writes: true });
  return {
    get: (key) => faults.around(read('get', key.sk), () => items.get(key)),
    getMany: (keys) => faults.around(read('getMany', keys[0]?.sk ?? ''), () => items.getMany(keys)),
    query: (range) => faults.around(read('query', range.from), () => items.query(range)),
    put: (item: Item, condition) =>
      faults.around({ ...write('put', item.sk), genesis: condition.kind === 'absent' }, () =>
        items.put(item, condition),
      ),
    putMany: (list) => faults.around(write('putMany', list[0]?.sk ?? ''), () => items.putMany(list)),
    deleteMany: (keys) => faults.around(write('deleteMany', keys[0]?.sk ?? ''), () => items.deleteMany(keys)),
  };
};

export const faultyStreams = (streams: StreamPort, faults: Faults): StreamPort => {
  const call = (operation: string, target: string, writes = false) => ({
    port: 'streams' as const,
    operation,
    writes,
    target,
  });
  return {
    describe: (stream) => faults.around(call('describe', stream), () => streams.describe(stream)),
    listShards: (stream) => faults.around(call('listShards', stream), () => streams.listShards(stream)),
    openReader: async (stream, shardId, start): Promise<ShardReader> => {
      const reader = await faults.around(call('openReader', stream), () => streams.openReader(stream, shardId, start));
      return { next: (limit) => faults.around(call('next', stream), () => reader.next(limit)) };
    },
    putRecords: (stream, entries) =>
      faults.around(call('putRecords', stream, true), () => streams.putRecords(stream, entries)),
  };
};

export const faultySink = (id: string, sink: SinkWriter, faults: Faults): SinkWriter => ({
  write: (rows: readonly OutputRow[]) =>
    faults.around({ port: 'sinks', operation: 'write', writes: true, target: id }, () => sink.write(rows)),
});
