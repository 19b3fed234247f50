import { systemClock } from '../../../lib/core/clock.ts';
import { MemoryAppendSink } from '../../../lib/memory/memory-append-sink.ts';
import { MemoryItemStore } from '../../../lib/memory/memory-item-store.ts';
import { MemoryStreams } from '../../../lib/memory/memory-streams.ts';
import { MemoryTableSink } from '../../../lib/memory/memory-table-sink.ts';
import { describeItemStore } from './item-store-suite.ts';
import { describeAppendSink, describeTableSink } from './sink-suite.ts';
import { describeStreams } from './stream-suite.ts';

const streams = new MemoryStreams(systemClock);

describeItemStore('memory', () => ({
  makeStore: (observer) => new MemoryItemStore(observer === undefined ? {} : { observer }),
}));

describeStreams('memory', () => ({
  streams,
  createStream: async (name, shards) => streams.createStream(name, { shards }),
  splitShard: async (name, shard, at) => streams.splitShard(name, shard.shardId, at),
  mergeShards: async (name, low, high) => streams.mergeShards(name, low.shardId, high.shardId),
}));

describeTableSink('memory', () => ({
  makeTable: async (keyFields) => {
    const writer = new MemoryTableSink(
      'rows',
      keyFields.map((key) => key.name),
    );
    return { writer, rows: async () => writer.rows() };
  },
}));

describeAppendSink('memory', () => ({
  makeSink: async () => {
    const writer = new MemoryAppendSink();
    return { writer, values: async () => writer.values() };
  },
}));
