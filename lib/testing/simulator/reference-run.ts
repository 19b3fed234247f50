import type { Pipeline } from '../../graph/pipeline.ts';
import { type SinkTiming, timingOf } from '../../graph/sink-guarantee.ts';
import { LocalJob } from '../../local/local-job.ts';
import { SeededRandom } from '../seeded-random.ts';
import { openGate } from './operation.ts';
import { lookAt, type SimulationOutcome } from './outcome.ts';
import { type SimulatedEvent, World } from './world.ts';

/** The same events without any fault: one process a stage, one record after the other, each to the end. */
export const referenceRun = async (
  pipeline: Pipeline,
  events: readonly SimulatedEvent[],
  indexes: readonly number[],
  shards: number,
): Promise<SimulationOutcome> => {
  const world = new World({ pipeline, shards });
  const { items, streams, clock } = world;
  const random = new SeededRandom(0);
  const sinks = new Map([...world.sinks].map(([id, sink]) => [id, sink.open(openGate, clock, random)]));
  const ports = { items, streams, sinks, clock, random, observer: {} };
  const job = new LocalJob({
    pipeline,
    ports,
    batchSize: 1,
    watermarkStepMs: 0,
    log: { ringSize: 16, snapshotCommits: 8 },
  });
  await job.start();
  for (const i of indexes) {
    await world.send([events[i] as SimulatedEvent], i);
    await job.drain();
  }
  await job.advanceWatermark(Number.MAX_SAFE_INTEGER);
  return lookAt(world);
};

/**
 * @returns where what sinks show, and what was rejected, is not what the delivery mode promises. The order of an append sink
 * says nothing.
 */
export const differences = (
  { graph }: Pipeline,
  found: SimulationOutcome,
  wanted: SimulationOutcome,
  sinks: readonly string[],
): readonly string[] => [
  ...sinks.flatMap((sink) => {
    const node = graph.nodes.get(sink);
    const timing = node?.kind === 'sink' ? timingOf(node.spec, graph.delivery) : 'after';
    // Of a row that is written one time at most, a table may show any version.
    if (timing === 'once' && node?.kind === 'sink' && node.spec.kind === 'dynamo') return [];
    return compareBags(`sink ${sink}`, found.output(sink), wanted.output(sink), timing);
  }),
  ...compareBags('the quarantine', found.rejected, wanted.rejected, 'after'),
];

const compareBags = (
  where: string,
  found: readonly unknown[],
  wanted: readonly unknown[],
  timing: SinkTiming,
): string[] => {
  const left = new Map<string, number>();
  for (const value of wanted) left.set(textOf(value), (left.get(textOf(value)) ?? 0) + 1);
  const surplus: string[] = [];
  for (const value of found) {
    const text = textOf(value);
    const count = left.get(text) ?? 0;
    if (count > 0) left.set(text, count - 1);
    // Rows that are sent before their commit may be those of one that is never made.
    else if (timing !== 'before') surplus.push(text);
  }
  const missing =
    timing === 'once' ? [] : [...left].flatMap(([text, count]) => Array.from({ length: count }, () => text));
  if (surplus.length + missing.length === 0) return [];
  return [
    `${where}: ${missing.length} rows are missing${first(missing)}, ${surplus.length} are not as in the run without faults${first(surplus)}`,
  ];
};

const textOf = (value: unknown): string => JSON.stringify(value);

const first = ([text]: readonly string[]): string => (text === undefined ? '' : ` (first: ${text})`);
