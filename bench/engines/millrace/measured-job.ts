import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ShardReader, StreamRecord } from '../../../lib/connectors/stream-port.ts';
import { systemClock } from '../../../lib/core/clock.ts';
import { systemRandom } from '../../../lib/core/random.ts';
import type { Pipeline } from '../../../lib/graph/pipeline.ts';
import { StageFunction } from '../../../lib/lambda/stage-function.ts';
import { type EventOrigin, toLambdaEvent } from '../../../lib/local/mapping/lambda-event.ts';
import { MemoryStreams } from '../../../lib/memory/memory-streams.ts';
import { createTelemetry } from '../../../lib/observability/powertools.ts';
import { StageRuntime } from '../../../lib/runtime/stage-runtime.ts';
import type { ItemStore } from '../../../lib/state/item-store.ts';
import { MAX_WATERMARK_MS } from '../../../lib/time/watermark-strategy.ts';
import { readLines } from '../../events/read-lines.ts';
import { type Batch, batchesOf } from '../batches.ts';
import { originOf, shardId } from '../event-origin.ts';
import { Stopwatch } from '../stopwatch.ts';
import type { Traffic } from '../trial.ts';
import type { TrafficMeter } from './metered-stores.ts';
import type { MillraceOptions } from './options.ts';

const context = { getRemainingTimeInMillis: () => 60_000 };
const mostRecords = 10_000;

interface MeasuredStage {
  readonly stream: string;
  readonly origin: EventOrigin;
  readonly containers: readonly StageFunction[];
  readonly watch: Stopwatch;
  reader: ShardReader | undefined;
  invocations: number;
}

/**
 * All stages of a job in this process, on one shard each, as Lambda runs them: what is measured begins with the event object and ends
 * with the answer, which the stage gives when its commit and its outputs are acknowledged. The log line and the metrics of each
 * invocation are written. Making events is not measured, nor is what Lambda and Kinesis do.
 */
export class MeasuredJob {
  readonly #options: MillraceOptions;
  readonly #streams = new MemoryStreams(systemClock);
  readonly #stages: readonly MeasuredStage[];
  readonly #meter: TrafficMeter;
  #meteredEvents = 0;

  /** @param onRow given each value that the pipeline's sink `out` gets */
  constructor(
    pipeline: Pipeline,
    options: MillraceOptions,
    items: ItemStore,
    meter: TrafficMeter,
    onRow: (value: unknown) => void,
  ) {
    this.#options = options;
    this.#meter = meter;
    const sink = {
      write: async (rows: readonly { readonly value: unknown }[]) => {
        for (const { value } of rows) onRow(value);
      },
    };
    const streams = meter.metered(this.#streams);
    this.#stages = pipeline.plan.stages.map(({ id, input }) => {
      this.#streams.createStream(input.stream);
      const containers = Array.from({ length: options.containers }, () => {
        const telemetry = createTelemetry({ pipeline: pipeline.name, stage: id, deployment: 'bench' });
        const ports = {
          items,
          streams,
          sinks: new Map([['out', sink]]),
          clock: systemClock,
          random: systemRandom,
          observer: telemetry.recorder,
        };
        const runtime = new StageRuntime({ pipeline, stage: id, ports, resolveStream: (name) => name });
        const expected = { stage: id, stream: input.stream };
        return new StageFunction({ expected, runtime, telemetry, clock: systemClock, partialBatchResponses: true });
      });
      return {
        stream: input.stream,
        origin: originOf(input.stream),
        containers,
        watch: new Stopwatch(),
        reader: undefined,
        invocations: 0,
      };
    });
  }

  /** All events of a file, and the end of time after them: every window fires. */
  async run(file: string): Promise<void> {
    for (const batch of batchesOf(readLines(file), this.#options)) await this.take(batch);
    const [source] = this.#stages as [MeasuredStage];
    const tick = { millrace: 'tick', nowMs: systemClock.nowMs(), watermarkMs: MAX_WATERMARK_MS };
    await this.#invoke(source, tick);
    await this.#deliver();
  }

  /** One batch, through all stages. */
  async take({ entries, events }: Batch): Promise<void> {
    const [source] = this.#stages as [MeasuredStage];
    const isFirst = source.invocations === 0;
    await this.#streams.putRecords(source.stream, entries);
    await this.#deliver();
    // The first batch of a shard makes its log, which happens once in its life: no part of what a million events cost.
    if (isFirst) this.#meter.reset();
    else this.#meteredEvents += events;
    // With everything in memory nothing else lets in what waits for a turn, such as the ends of writes to the log: it would pile up.
    await nextTurn();
  }

  /** CPU microseconds of each stage, in the order of the plan. */
  get parts(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      this.#stages.map(({ watch }, i) => [i === 0 ? 'source' : i === 1 ? 'keyed' : `keyed ${i}`, watch.cpuMicros]),
    );
  }

  get traffic(): Traffic {
    return { ...this.#meter.traffic, events: this.#meteredEvents };
  }

  get wallMs(): number {
    return this.#stages.reduce((sum, { watch }) => sum + watch.wallMs, 0);
  }

  get cpuMicros(): number {
    return this.#stages.reduce((sum, { watch }) => sum + watch.cpuMicros, 0);
  }

  /** What is in the streams, stage by stage: all records that are there make one batch. */
  async #deliver(): Promise<void> {
    for (const stage of this.#stages) {
      stage.reader ??= await this.#streams.openReader(stage.stream, shardId, { at: 'trim-horizon' });
      for (let records = await nextOf(stage.reader); records.length > 0; records = await nextOf(stage.reader)) {
        await this.#invoke(stage, asParsed(toLambdaEvent(records, stage.origin)));
      }
      this.#streams.forget(stage.stream);
    }
  }

  async #invoke(stage: MeasuredStage, event: unknown): Promise<void> {
    const container = stage.containers[stage.invocations++ % stage.containers.length] as StageFunction;
    const answer = await stage.watch.measure(() => container.invoke(event, context));
    if ('batchItemFailures' in answer && answer.batchItemFailures.length > 0) {
      throw new Error(`${stage.stream}: only a part of a batch was done`);
    }
  }
}

const nextOf = async (reader: ShardReader): Promise<readonly StreamRecord[]> =>
  (await reader.next(mostRecords)).records;

/** Lambda parses its events, so their texts are in one piece, and none of them are views or joints of others. */
const asParsed = (event: unknown): unknown => JSON.parse(JSON.stringify(event));
