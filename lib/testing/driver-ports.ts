import type { Rejection } from '../commit/outbox.ts';
import type { SinkWriter } from '../connectors/sink-port.ts';
import type { Pipeline } from '../graph/pipeline.ts';
import { MemoryItemStore } from '../memory/memory-item-store.ts';
import { MemorySinks } from '../memory/memory-sinks.ts';
import { MemoryStreams } from '../memory/memory-streams.ts';
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
  const random = new SeededRandom(seed);
  const { sinks, outputs } = makeSinks(pipeline, new MemorySinks(clock, random));
  const rejections: Rejection[] = [];
  const watermarks = new Map<string, number>();
  const ports: RuntimePorts = {
    items: new MemoryItemStore(),
    streams,
    sinks,
    clock,
    random,
    observer: {
      committed: ({ unit, watermarkMs }) => watermarks.set(unit, watermarkMs),
      rejected: (_unit, rejection) => rejections.push(rejection),
    },
  };
  return { ports, clock, streams, outputs, rejections, watermarks };
};

const makeSinks = (pipeline: Pipeline, memory: MemorySinks) => {
  const sinks = new Map<string, SinkWriter>();
  const outputs = new Map<string, () => readonly unknown[]>();
  for (const node of pipeline.graph.nodes.values()) {
    if (node.kind !== 'sink') continue;
    const sink = memory.open(node.id, node.spec);
    sinks.set(node.id, sink.writer);
    outputs.set(node.id, () => sink.values());
  }
  return { sinks, outputs };
};
