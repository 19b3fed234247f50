import type { ReadPage, Shard, StreamPort } from '../../connectors/stream-port.ts';
import { getOrAdd } from '../../core/get-or-add.ts';
import type { SourceNode } from '../../graph/logical-graph.ts';
import type { Pipeline } from '../../graph/pipeline.ts';
import { MemoryBlobBucket } from '../../memory/memory-blob-bucket.ts';
import { MemoryItemStore } from '../../memory/memory-item-store.ts';
import { MemoryStreams } from '../../memory/memory-streams.ts';
import type { MemoryTableSink } from '../../memory/memory-table-sink.ts';
import type { BlobBucket } from '../../state/blob-bucket.ts';
import type { ItemStore } from '../../state/item-store.ts';
import { ManualClock } from '../manual-clock.ts';
import { Monitor } from './monitor.ts';
import { readAfter } from './read-after.ts';
import { Resharding } from './resharding.ts';
import { type SimulatedSink, simulatedSink } from './simulated-sinks.ts';

/** The clock is far from event time, and mostly the retention is never reached: hours may pass at any moment. */
const START_MS = 1_700_000_000_000;
const RETENTION_MS = 10 * 365 * 24 * 3_600_000;
const SHORT_RETENTION_MS = 24 * 3_600_000;

/** An event to be sent. See {@link SimulationOptions.events}. */
export interface SimulatedEvent {
  /** Id of the source. */
  readonly source: string;
  /** What producers send: plain JSON, or bytes for a record that is not. */
  readonly value: unknown;
  /** Decides the shard. Default: the event's index. */
  readonly partitionKey?: string;
}

/** A record that a stream took. */
export interface SentRecord {
  readonly data: Uint8Array;
  readonly sequenceNumber: string;
}

export interface WorldOptions {
  readonly pipeline: Pipeline;
  /** Of every stream. */
  readonly shards: number;
  /** Later ones of the pipeline, with the same stages and streams. Default: none. */
  readonly versions?: readonly Pipeline[];
  /** Whether the sources' streams keep records for a day only. Default false. */
  readonly shortRetention?: boolean;
  /** Whether large payloads may go to a bucket. Default false. */
  readonly hasBucket?: boolean;
}

/** Everything that outlives a process: streams, state table, sinks. All effects go past the monitor. */
export class World {
  readonly pipeline: Pipeline;
  readonly clock = new ManualClock(START_MS);
  readonly items: ItemStore;
  readonly blobs: BlobBucket | undefined;
  readonly streams: StreamPort;
  readonly sinks = new Map<string, SimulatedSink>();
  readonly monitor: Monitor;
  readonly resharding: Resharding;
  /** What producers sent to each shard of a source's stream, whether or not the stream still holds it. */
  readonly sent = new Map<string, SentRecord[]>();
  /** Cursors that were moved past records, by their names. */
  readonly skipped = new Set<string>();
  readonly shortRetention: boolean;
  /** An operator has asked for keys to go on without what was rejected. */
  released = false;
  readonly #sources = new Map<string, SourceNode>();

  constructor({ pipeline, shards, versions = [], shortRetention = false, hasBucket = false }: WorldOptions) {
    this.pipeline = pipeline;
    this.shortRetention = shortRetention;
    const streams = new MemoryStreams(this.clock);
    const names = [...new Set(pipeline.plan.stages.map(({ input }) => input.stream))];
    const sources = new Set(
      pipeline.plan.stages.flatMap(({ input }) => (input.kind === 'source' ? [input.stream] : [])),
    );
    for (const name of names) {
      const isShort = shortRetention && sources.has(name);
      streams.createStream(name, { shards, retentionMs: isShort ? SHORT_RETENTION_MS : RETENTION_MS });
    }
    this.resharding = new Resharding(streams, names);
    // Small pages, so that a sweep takes several.
    const blobs = hasBucket ? new MemoryBlobBucket({ pageKeys: 3 }) : undefined;
    this.monitor = new Monitor(pipeline, { items: new MemoryItemStore(), blobs }, streams, (...place) =>
      this.#sentBytes(...place),
    );
    this.items = this.monitor.items();
    this.blobs = this.monitor.blobs();
    this.streams = this.monitor.streams(streams);
    const { monitor, clock } = this;
    const sinkWorld = { monitor, clock, delivery: pipeline.plan.delivery, tables: new Map<string, MemoryTableSink>() };
    for (const node of [pipeline, ...versions].flatMap(({ graph }) => [...graph.nodes.values()])) {
      if (node.kind === 'source') this.#sources.set(node.id, node);
      if (node.kind !== 'sink' || this.sinks.has(node.id)) continue;
      const before = node.renamedFrom === undefined ? undefined : this.sinks.get(node.renamedFrom);
      this.sinks.set(node.id, before ?? simulatedSink(node, sinkWorld));
    }
  }

  async send(events: readonly SimulatedEvent[], firstIndex: number): Promise<void> {
    for (const [i, { source, value, partitionKey = String(firstIndex + i) }] of events.entries()) {
      const data = value instanceof Uint8Array ? value : Buffer.from(JSON.stringify(value));
      const { stream } = (this.#sources.get(source) as SourceNode).spec;
      const [outcome] = await this.streams.putRecords(stream, [{ partitionKey, data }]);
      if (!outcome?.ok) continue;
      const { shardId, sequenceNumber } = outcome;
      getOrAdd(this.sent, shardName(stream, shardId), () => []).push({ data, sequenceNumber });
    }
  }

  /** Every shard that a stream has had, also those that have left the listing. Parents come before their children. */
  async lineageOf(stream: string): Promise<readonly Shard[]> {
    const known = new Map<string, Shard>();
    for (const listing of [...this.resharding.before(stream), await this.streams.listShards(stream)])
      for (const shard of listing) known.set(shard.shardId, shard);
    return [...known.values()];
  }

  /** The next page of a shard, as a mapping reads it. One whose retention is over has ended. */
  async read(stream: string, shardId: string, after: string | undefined, limit: number): Promise<ReadPage> {
    return readAfter(this.streams, stream, shardId, after, limit);
  }

  /** What the readers of a sink see. */
  output(sink: string): readonly unknown[] {
    return this.sinks.get(sink)?.output() ?? [];
  }

  #sentBytes(stream: string, shardId: string, sequenceNumber: string): Uint8Array | undefined {
    return this.sent.get(shardName(stream, shardId))?.find((record) => record.sequenceNumber === sequenceNumber)?.data;
  }

  get sinkIds(): readonly string[] {
    return [...this.sinks.keys()];
  }
}

export const shardName = (stream: string, shardId: string): string => `${stream} ${shardId}`;
