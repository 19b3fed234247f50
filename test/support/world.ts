import type { SinkWriter } from '../../lib/connectors/sink-port.ts';
import type { PutEntry, Shard, StreamRecord } from '../../lib/connectors/stream-port.ts';
import type { Pipeline } from '../../lib/graph/pipeline.ts';
import { MemoryAppendSink } from '../../lib/memory/memory-append-sink.ts';
import { MemoryItemStore } from '../../lib/memory/memory-item-store.ts';
import { MemoryStreams } from '../../lib/memory/memory-streams.ts';
import { MemoryTableSink } from '../../lib/memory/memory-table-sink.ts';
import { defaultPieceLimits, type PieceLimits } from '../../lib/runtime/piece.ts';
import type { RuntimeObserver, RuntimePorts } from '../../lib/runtime/ports.ts';
import { StageRuntime, type StageRuntimeOptions } from '../../lib/runtime/stage-runtime.ts';
import type { ItemStore, StoreRequest } from '../../lib/state/item-store.ts';
import { ManualClock } from '../../lib/testing/manual-clock.ts';
import { SeededRandom } from '../../lib/testing/seeded-random.ts';
import type { ShardInput } from '../../lib/testing/simulator/outcome.ts';
import { MAX_WATERMARK_MS } from '../../lib/time/watermark-strategy.ts';
import { Container, type Ending, Life } from './container.ts';
import { type Faults, faultyItems, faultySink, faultyStreams } from './faulty-ports.ts';

/** How far the mapping of one stage has come on one shard. */
export interface Cursor {
  readonly stage: string;
  readonly stream: string;
  readonly shardId: string;
  /** The last record that was acknowledged. */
  after: string | undefined;
}

export interface WorldOptions {
  readonly pipeline: Pipeline;
  readonly seed: number;
  /** Shards of every stream. Default 2. */
  readonly shards?: number;
  readonly limits?: Partial<PieceLimits>;
  readonly items?: ItemStore;
  readonly requests?: StoreRequest[];
  /** Memory of each container for keyed state. */
  readonly cacheBytes?: number;
  /** Small logs, whose snapshots are soon due. Default: those of production. */
  readonly log?: StageRuntimeOptions['log'];
}

/** Everything that outlives a container: streams, table, sinks, and how far each mapping is. */
export class World {
  readonly pipeline: Pipeline;
  readonly clock = new ManualClock(1_700_000_000_000);
  readonly random: SeededRandom;
  readonly items: ItemStore;
  readonly streams = new MemoryStreams(this.clock);
  readonly sinks = new Map<string, SinkWriter>();
  readonly cursors: Cursor[];
  readonly #limits: PieceLimits;
  readonly #cacheBytes: number | undefined;
  readonly #log: StageRuntimeOptions['log'];

  constructor(options: WorldOptions) {
    const { pipeline, seed, shards = 2 } = options;
    this.pipeline = pipeline;
    this.random = new SeededRandom(seed);
    this.items = options.items ?? new MemoryItemStore({ observer: (request) => options.requests?.push(request) });
    this.#limits = { ...defaultPieceLimits, ...options.limits };
    this.#cacheBytes = options.cacheBytes;
    this.#log = options.log;
    this.cursors = pipeline.plan.stages.flatMap(({ id, input: { stream } }) => {
      this.streams.createStream(stream, { shards });
      return Array.from({ length: shards }, (_, i) => ({
        stage: id,
        stream,
        shardId: `shardId-${String(i).padStart(12, '0')}`,
        after: undefined,
      }));
    });
    for (const node of pipeline.graph.nodes.values()) {
      if (node.kind !== 'sink') continue;
      const { spec } = node;
      this.sinks.set(
        node.id,
        spec.kind === 'dynamo' ? new MemoryTableSink(spec.table, spec.key) : new MemoryAppendSink(),
      );
    }
  }

  get source(): string {
    return this.pipeline.plan.stages.find(({ input }) => input.kind === 'source')?.id as string;
  }

  /** A cold container. `faults` stand before its ports, between it and its own death. */
  container(stage: string, observer: RuntimeObserver = {}, faults?: Faults): Container {
    const life = new Life();
    const both: Faults =
      faults === undefined ? life : { around: (call, effect) => life.around(call, () => faults.around(call, effect)) };
    const ports: RuntimePorts = {
      items: faultyItems(this.items, both),
      streams: faultyStreams(this.streams, both),
      sinks: new Map([...this.sinks].map(([id, sink]) => [id, faultySink(id, sink, both)])),
      clock: this.clock,
      random: this.random,
      observer,
    };
    const runtime = new StageRuntime({
      pipeline: this.pipeline,
      stage,
      ports,
      resolveStream: (logical) => logical,
      limits: this.#limits,
      ...(this.#cacheBytes !== undefined && { cacheBytes: this.#cacheBytes }),
      ...(this.#log !== undefined && { log: this.#log }),
    });
    return new Container(stage, runtime, life, ports);
  }

  /** Cuts a shard of a stream in two, in the middle, or joins two neighbours; the mapping sees the children at once. */
  async reshard(stream: string, ...shardIds: readonly [string] | readonly [string, string]): Promise<void> {
    const [first, second] = shardIds;
    if (second !== undefined) this.streams.mergeShards(stream, first, second);
    else {
      const shard = (await this.streams.listShards(stream)).find(({ shardId }) => shardId === first) as Shard;
      this.streams.splitShard(stream, first, (shard.hashStart + shard.hashEnd) / 2n + 1n);
    }
    for (const { shardId } of await this.streams.listShards(stream)) {
      if (this.cursors.some((cursor) => cursor.stream === stream && cursor.shardId === shardId)) continue;
      const stage = this.cursors.find((cursor) => cursor.stream === stream)?.stage as string;
      this.cursors.push({ stage, stream, shardId, after: undefined });
    }
  }

  async send(entries: readonly PutEntry[]): Promise<void> {
    await this.streams.putRecords('in', entries);
  }

  /** What the mapping would deliver next. */
  async nextBatch({ stream, shardId, after }: Cursor, size: number): Promise<readonly StreamRecord[]> {
    const start =
      after === undefined ? ({ at: 'trim-horizon' } as const) : ({ at: 'after', sequenceNumber: after } as const);
    const reader = await this.streams.openReader(stream, shardId, start);
    return (await reader.next(size)).records;
  }

  /** Delivers a batch, and moves the cursor as the mapping would. Undefined where nothing waits. */
  async deliver(cursor: Cursor, container: Container, size: number): Promise<Ending | undefined> {
    const batch = await this.nextBatch(cursor, size);
    if (batch.length === 0) return undefined;
    const ending = await container.run((runtime, deadline) => runtime.processBatch(cursor.shardId, batch, deadline));
    this.acknowledge(cursor, batch, ending);
    return ending;
  }

  acknowledge(cursor: Cursor, batch: readonly StreamRecord[], ending: Ending): void {
    if (ending.kind !== 'done') return;
    const { next } = ending;
    const done = next === undefined ? batch.length : batch.findIndex((record) => record.sequenceNumber === next);
    if (done > 0) cursor.after = (batch[done - 1] as StreamRecord).sequenceNumber;
  }

  /** Tells every source shard that nothing more will come. */
  endInput(container: Container): Promise<Ending> {
    return container.run(async (runtime, deadline) => {
      await runtime.tick({ nowMs: this.clock.nowMs(), watermarkMs: MAX_WATERMARK_MS }, deadline);
      return undefined;
    });
  }

  /** The records of each shard of the source stream, parents first. */
  async inputByShard(): Promise<ShardInput[]> {
    const shards = await this.streams.listShards('in');
    return Promise.all(
      shards.map(async ({ shardId, parentShardIds }) => {
        const cursor = { stage: this.source, stream: 'in', shardId, after: undefined };
        const records = (await this.nextBatch(cursor, 10_000)).map(({ data }) => data);
        return { stream: 'in', shardId, parentShardIds, records };
      }),
    );
  }

  /** What an append sink has taken, in its order. */
  appended<T>(sink: string): readonly T[] {
    return (this.sinks.get(sink) as MemoryAppendSink).values() as T[];
  }

  /** What a table holds. */
  rows<T>(sink: string): readonly T[] {
    return (this.sinks.get(sink) as MemoryTableSink).rows() as T[];
  }
}

/** How far a stage's mapping is on one of the shards that there were at the beginning. */
export const cursorOf = (world: World, stage: string, shard = 0): Cursor =>
  world.cursors.filter((cursor) => cursor.stage === stage)[shard] as Cursor;
