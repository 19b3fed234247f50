import type { ReadPage, StreamPort } from '../../connectors/stream-port.ts';
import { getOrAdd } from '../../core/get-or-add.ts';
import type { SourceNode } from '../../graph/logical-graph.ts';
import type { Pipeline } from '../../graph/pipeline.ts';
import { MemoryItemStore } from '../../memory/memory-item-store.ts';
import { MemoryStreams } from '../../memory/memory-streams.ts';
import type { MemoryTableSink } from '../../memory/memory-table-sink.ts';
import type { ItemStore } from '../../state/item-store.ts';
import { ManualClock } from '../manual-clock.ts';
import { Monitor } from './monitor.ts';
import { Resharding } from './resharding.ts';
import { type SimulatedSink, simulatedSink } from './simulated-sinks.ts';

/** The clock is far from event time, and the retention is never reached: hours may pass at any moment. */
const START_MS = 1_700_000_000_000;
const RETENTION_MS = 10 * 365 * 24 * 3_600_000;

/** An event to be sent. See {@link SimulationOptions.events}. */
export interface SimulatedEvent {
  /** Id of the source. */
  readonly source: string;
  /** What producers send: plain JSON, or bytes for a record that is not. */
  readonly value: unknown;
  /** Decides the shard. Default: the event's index. */
  readonly partitionKey?: string;
}

/** Everything that outlives a process: streams, state table, sinks. All effects go past the monitor. */
export class World {
  readonly pipeline: Pipeline;
  readonly clock = new ManualClock(START_MS);
  readonly items: ItemStore;
  readonly streams: StreamPort;
  readonly sinks = new Map<string, SimulatedSink>();
  readonly monitor: Monitor;
  readonly resharding: Resharding;
  /** What producers sent to each shard of a source's stream, whether or not the stream still holds it. */
  readonly sent = new Map<string, Uint8Array[]>();
  readonly #sources = new Map<string, SourceNode>();

  /** @param versions later ones of the pipeline, with the same stages and streams */
  constructor(pipeline: Pipeline, shards: number, versions: readonly Pipeline[] = []) {
    this.pipeline = pipeline;
    const streams = new MemoryStreams(this.clock);
    const names = [...new Set(pipeline.plan.stages.map(({ input }) => input.stream))];
    for (const name of names) streams.createStream(name, { shards, retentionMs: RETENTION_MS });
    this.resharding = new Resharding(streams, names);
    this.monitor = new Monitor(pipeline, new MemoryItemStore(), streams);
    this.items = this.monitor.items();
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
      if (outcome?.ok) getOrAdd(this.sent, shardName(stream, outcome.shardId), () => []).push(data);
    }
  }

  /** The next page of a shard, as a mapping reads it. */
  async read(stream: string, shardId: string, after: string | undefined, limit: number): Promise<ReadPage> {
    const start =
      after === undefined ? { at: 'trim-horizon' as const } : { at: 'after' as const, sequenceNumber: after };
    return (await this.streams.openReader(stream, shardId, start)).next(limit);
  }

  /** What the readers of a sink see. */
  output(sink: string): readonly unknown[] {
    return this.sinks.get(sink)?.output() ?? [];
  }

  get sinkIds(): readonly string[] {
    return [...this.sinks.keys()];
  }
}

export const shardName = (stream: string, shardId: string): string => `${stream} ${shardId}`;
