import type { Rejection } from '../commit/outbox.ts';
import type { SinkWriter } from '../connectors/sink-port.ts';
import { getOrAdd } from '../core/get-or-add.ts';
import type { SinkNode } from '../graph/logical-graph.ts';
import type { Pipeline } from '../graph/pipeline.ts';
import { MemoryAppendSink } from '../memory/memory-append-sink.ts';
import { MemoryItemStore } from '../memory/memory-item-store.ts';
import { MemoryStreams } from '../memory/memory-streams.ts';
import { MemoryTableSink } from '../memory/memory-table-sink.ts';
import type { RuntimePorts } from '../runtime/ports.ts';
import { ManualClock } from './manual-clock.ts';
import { SeededRandom } from './seeded-random.ts';

/** The world of one test driver: everything that outlives a container. */
export interface DriverWorld {
  readonly ports: RuntimePorts;
  readonly clock: ManualClock;
  readonly streams: MemoryStreams;
  /** What each sink holds, by sink id. */
  readonly outputs: ReadonlyMap<string, () => readonly unknown[]>;
  /** In the order of their commits. */
  readonly rejections: readonly Rejection[];
  /** By unit name. */
  readonly watermarks: ReadonlyMap<string, number>;
}

interface WorldOptions {
  readonly shards: number;
  readonly startMs: number;
  readonly seed: number;
}

/** Streams keep everything, so that time may be advanced by years. */
const RETENTION_MS = Number.MAX_SAFE_INTEGER;

export const makeWorld = (pipeline: Pipeline, { shards, startMs, seed }: WorldOptions): DriverWorld => {
  const clock = new ManualClock(startMs);
  const streams = new MemoryStreams(clock);
  for (const name of new Set(pipeline.plan.stages.map((stage) => stage.input.stream))) {
    streams.createStream(name, { shards, retentionMs: RETENTION_MS });
  }
  const { sinks, outputs } = makeSinks(pipeline);
  const rejections: Rejection[] = [];
  const watermarks = new Map<string, number>();
  const ports: RuntimePorts = {
    items: new MemoryItemStore(),
    streams,
    sinks,
    clock,
    random: new SeededRandom(seed),
    observer: {
      committed: ({ unit, watermarkMs }) => watermarks.set(unit, watermarkMs),
      rejected: (_unit, rejection) => rejections.push(rejection),
    },
  };
  return { ports, clock, streams, outputs, rejections, watermarks };
};

const makeSinks = (pipeline: Pipeline) => {
  const sinks = new Map<string, SinkWriter>();
  const outputs = new Map<string, () => readonly unknown[]>();
  const tables = new Map<string, MemoryTableSink>();
  for (const node of pipeline.graph.nodes.values()) {
    if (node.kind !== 'sink') continue;
    const { writer, values } = makeSink(node, tables);
    sinks.set(node.id, writer);
    outputs.set(node.id, values);
  }
  return { sinks, outputs };
};

const makeSink = ({ spec }: SinkNode, tables: Map<string, MemoryTableSink>) => {
  if (spec.kind === 'kinesis') {
    const writer = new MemoryAppendSink();
    return { writer, values: () => writer.values() };
  }
  // Two sinks that name one table write to one table, as they would in DynamoDB.
  const writer = getOrAdd(tables, spec.table, () => new MemoryTableSink(spec.table, spec.key));
  return { writer, values: () => writer.rows() };
};
