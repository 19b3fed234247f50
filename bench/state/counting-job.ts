import { systemClock } from '../../lib/core/clock.ts';
import { parseEvent } from '../../lib/lambda/events.ts';
import { toLambdaEvent } from '../../lib/local/mapping/lambda-event.ts';
import { MemoryItemStore } from '../../lib/memory/memory-item-store.ts';
import { MemoryStreams } from '../../lib/memory/memory-streams.ts';
import { Deadline } from '../../lib/runtime/deadline.ts';
import { StageRuntime } from '../../lib/runtime/stage-runtime.ts';
import { SeededRandom } from '../../lib/testing/seeded-random.ts';
import { originOf, shardId } from '../engines/event-origin.ts';
import { Stopwatch } from '../engines/stopwatch.ts';
import { countKeys, windowStartMs } from './count-keys.ts';

/** What one batch has cost a stage. */
export interface StageCost {
  readonly cpuMicros: number;
  /** Of its commits; bytes. */
  readonly payloadBytes: number;
  readonly commits: number;
  /** Of its commits and snapshots. */
  readonly writeUnits: number;
  /** Whether a snapshot was written after them. */
  readonly snapshot: boolean;
}

const noFacts = () => ({ payloadBytes: 0, commits: 0, writeUnits: 0, snapshot: false });

const invocationMs = 600_000;
/** All of the state stays in memory. */
const cacheBytes = 64e9;
const batchMs = 1_000;

/** The stages of `countKeys` on one shard each, everything in memory. */
export class CountingJob {
  readonly #items = new MemoryItemStore({
    observer: ({ writeUnits }) => {
      this.#facts.writeUnits += writeUnits;
    },
  });
  readonly #streams = new MemoryStreams(systemClock);
  readonly #random = new SeededRandom(1);
  #containers: readonly StageRuntime[] = [];
  readonly #after = new Map<string, string>();
  #facts = noFacts();
  #batches = 0;

  constructor() {
    for (const { input } of countKeys.plan.stages) this.#streams.createStream(input.stream);
    this.restart();
  }

  /** New containers: what the old ones had in memory is gone. */
  restart(): void {
    const observer = {
      committed: ({ payloadBytes }: { readonly payloadBytes: number }) => {
        this.#facts.payloadBytes += payloadBytes;
        this.#facts.commits++;
      },
      snapshot: () => {
        this.#facts.snapshot = true;
      },
    };
    const ports = {
      items: this.#items,
      streams: this.#streams,
      sinks: new Map([['out', { write: async () => undefined }]]),
      clock: systemClock,
      random: this.#random,
      observer,
    };
    this.#containers = countKeys.plan.stages.map(
      ({ id }) =>
        new StageRuntime({ pipeline: countKeys, stage: id, ports, resolveStream: (name) => name, cacheBytes }),
    );
  }

  /** One batch with an event for each of these keys. @returns what it has cost each stage */
  async count(keys: readonly string[]): Promise<readonly StageCost[]> {
    const at = windowStartMs + this.#batches++ * batchMs;
    const entries = keys.map((key) => ({ partitionKey: 'events', data: Buffer.from(JSON.stringify({ key, at })) }));
    await this.#streams.putRecords('events', entries);
    const costs: StageCost[] = [];
    for (const container of this.#containers) costs.push(await this.#deliver(container));
    return costs;
  }

  /** Empty-handed commits until a snapshot is written: nothing is left that only the log has. */
  async settle(): Promise<void> {
    for (let snapshot = false; !snapshot; ) snapshot = (await this.count(['settled'])).at(-1)?.snapshot === true;
  }

  async #deliver(container: StageRuntime): Promise<StageCost> {
    const { stream } = container.plan.input;
    const after = this.#after.get(stream);
    const start =
      after === undefined ? { at: 'trim-horizon' as const } : { at: 'after' as const, sequenceNumber: after };
    const { records } = await (await this.#streams.openReader(stream, shardId, start)).next(10_000);
    this.#after.set(stream, records.at(-1)?.sequenceNumber as string);
    const event = toLambdaEvent(records, originOf(stream));
    this.#facts = noFacts();
    const watch = new Stopwatch();
    await watch.measure(async () => {
      const request = parseEvent(event, systemClock.nowMs());
      if (request.kind !== 'batch') throw new Error('a batch is taken for a tick');
      await container.processBatch(request.shardId, request.records, Deadline.in(systemClock, invocationMs));
    });
    this.#streams.forget(stream);
    return { cpuMicros: watch.cpuMicros, ...this.#facts };
  }
}
