import type { PutEntry, PutOutcome, ReadPage, ShardReader, StreamPort } from '../../connectors/stream-port.ts';
import type { Clock } from '../../core/clock.ts';
import type { BlobBucket } from '../../state/blob-bucket.ts';
import type { Item, ItemStore, QueryPage, QueryRange } from '../../state/item-store.ts';
import { type Gate, type Operation, putPartly } from './operation.ts';

/** The item store as one process reaches it. */
export const gatedItems = (items: ItemStore, gate: Gate): ItemStore => {
  const read = (name: string, target: string) => ({ port: 'items' as const, name, target, writes: false });
  const write = (name: string, target: string) => ({ ...read(name, target), writes: true });
  const getMany: ItemStore['getMany'] = async (keys) => {
    const middle = keys.length > 1 && gate.tears() ? keys.length >> 1 : keys.length;
    const one = (part: typeof keys) =>
      gate.perform({ ...read('getMany', part[0]?.sk ?? ''), run: () => items.getMany(part) });
    const first = await one(keys.slice(0, middle));
    return middle === keys.length ? first : [...first, ...(await one(keys.slice(middle)))];
  };
  return {
    get: (key) => gate.perform({ ...read('get', key.sk), run: () => items.get(key) }),
    getMany,
    query: (range) =>
      queryInParts(range, gate, (part) => ({
        ...read('query', part.from),
        isMinor: part.pk.includes('#B'),
        run: () => items.query(part),
      })),
    put: (item: Item, condition) =>
      gate.perform({
        ...write('put', item.sk),
        isMinor: item.k === 'genesis',
        run: () => items.put(item, condition),
      }),
    putMany: (list) =>
      gate.perform({
        ...write('putMany', list[0]?.sk ?? ''),
        run: () => items.putMany(list),
        runPartly: async (take) => items.putMany(list.filter(take)),
      }),
    deleteMany: async (keys) => {
      if (keys.length === 0) return;
      await gate.perform({
        ...write('deleteMany', keys[0]?.sk ?? ''),
        run: () => items.deleteMany(keys),
        runPartly: async (take) => items.deleteMany(keys.filter(take)),
      });
    },
  };
};

/** DynamoDB reads one item after the other, and may end a page anywhere: what is written meanwhile is seen in part. */
const queryInParts = async (
  range: QueryRange,
  gate: Gate,
  operation: (part: QueryRange) => Operation<QueryPage>,
): Promise<QueryPage> => {
  if (!gate.tears()) return gate.perform(operation(range));
  const limit = range.limit ?? Number.POSITIVE_INFINITY;
  const first = await gate.perform(operation({ ...range, limit: Math.min(limit, 2) }));
  const last = first.items.at(-1);
  if (last === undefined || !first.more || first.items.length >= limit || !gate.tears()) return first;
  // No sort key of ours comes between a key and the same key with a space.
  const from = `${last.sk} `;
  const rest = await gate.perform(
    operation({
      pk: range.pk,
      from,
      to: range.to,
      ...(range.limit === undefined ? {} : { limit: range.limit - first.items.length }),
    }),
  );
  return { items: [...first.items, ...rest.items], more: rest.more };
};

/** The bucket as one process reaches it. `takesNew`: what its deployment says. */
export const gatedBlobs = (bucket: BlobBucket, takesNew: boolean, gate: Gate): BlobBucket => {
  const read = (name: string, target: string) => ({ port: 'blobs' as const, name, target, writes: false });
  return {
    takesNew,
    put: (key, content) => gate.perform({ ...read('putBlob', key), writes: true, run: () => bucket.put(key, content) }),
    get: (key, range) => gate.perform({ ...read('getBlob', key), run: () => bucket.get(key, range) }),
    deleteMany: async (keys) => {
      if (keys.length === 0) return;
      await gate.perform({
        ...read('deleteBlobs', keys[0] as string),
        writes: true,
        run: () => bucket.deleteMany(keys),
        runPartly: async (take) => bucket.deleteMany(keys.filter(take)),
      });
    },
    list: (prefix, after) =>
      gate.perform({ ...read('listBlobs', prefix), isMinor: true, run: () => bucket.list(prefix, after) }),
  };
};

/** The streams as one process reaches them. */
export const gatedStreams = (streams: StreamPort, gate: Gate): StreamPort => {
  const read = (name: string, target: string) => ({ port: 'streams' as const, name, target, writes: false });
  return {
    describe: (stream) => gate.perform({ ...read('describe', stream), run: () => streams.describe(stream) }),
    listShards: async (stream) => {
      const shards = await gate.perform({ ...read('listShards', stream), run: () => streams.listShards(stream) });
      return gate.asSeen(stream, shards);
    },
    openReader: async (stream, shardId, start): Promise<ShardReader> => {
      const run = () => streams.openReader(stream, shardId, start);
      const reader = await gate.perform({ ...read('openReader', stream), run });
      const emptyAnswer: ReadPage = { records: [], behindLatestMs: 1, ended: false };
      return {
        next: (limit) => gate.perform({ ...read('next', stream), run: () => reader.next(limit), emptyAnswer }),
      };
    },
    putRecords: (stream, entries) =>
      gate.perform<readonly PutOutcome[]>({
        ...read('putRecords', stream),
        writes: true,
        run: () => streams.putRecords(stream, entries),
        runPartly: (take) => putPartly((some) => streams.putRecords(stream, some), entries, take),
        runReordered: (swap) => putReordered(streams, stream, entries, swap),
      }),
  };
};

const putReordered = async (
  streams: StreamPort,
  stream: string,
  entries: readonly PutEntry[],
  swap: () => boolean,
): Promise<readonly PutOutcome[]> => {
  const order = entries.map((_, i) => i);
  for (let i = 1; i < order.length; i++) {
    if (swap()) [order[i - 1], order[i]] = [order[i] as number, order[i - 1] as number];
  }
  const outcomes = await streams.putRecords(
    stream,
    order.map((i) => entries[i] as PutEntry),
  );
  return entries.map((_, i) => outcomes[order.indexOf(i)] as PutOutcome);
};

/** A process's own clock: off by `skewMs`. A sleep is an operation, as a process can die in it. */
export const gatedClock = (clock: Clock, skewMs: number, gate: Gate): Clock => ({
  nowMs: () => clock.nowMs() + skewMs,
  sleep: (durationMs) =>
    gate.perform({ port: 'clock', name: 'sleep', target: '', writes: false, run: () => clock.sleep(durationMs) }),
});
