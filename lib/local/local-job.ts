import type { ShardReader, StreamRecord } from '../connectors/stream-port.ts';
import type { Pipeline } from '../graph/pipeline.ts';
import { Deadline } from '../runtime/deadline.ts';
import type { RuntimePorts } from '../runtime/ports.ts';
import { listQuarantine, type QuarantinedRecord } from '../runtime/quarantine.ts';
import { addRedriven, nothingRedriven, type RedriveSummary } from '../runtime/run-redrive.ts';
import type { ResolveStream } from '../runtime/stage-inputs.ts';
import { type RedriveOptions, StageRepairs } from '../runtime/stage-repairs.ts';
import { StageRuntime, type StageRuntimeOptions } from '../runtime/stage-runtime.ts';

export interface LocalJobOptions
  extends Pick<StageRuntimeOptions, 'watermarkStepMs' | 'limits' | 'quarantine' | 'log'> {
  readonly pipeline: Pipeline;
  readonly ports: RuntimePorts;
  /** Physical stream names. Default: the logical ones. */
  readonly resolveStream?: ResolveStream;
  /** Records in a batch. Default 500. */
  readonly batchSize?: number;
  /** Told after each batch. */
  readonly onBatch?: (stage: string, recordCount: number) => void;
}

/** No invocation is cut short here: a step that hangs is seen by whoever waits. */
const INVOCATION_MS = 15 * 60_000;

interface Input {
  readonly stage: StageRuntime;
  readonly shardId: string;
  readonly reader: ShardReader;
  /** Read, but not processed: a batch that failed is delivered again before anything after it. */
  waiting: readonly StreamRecord[];
}

/**
 * A whole job in this process, one container a stage: reads every stream in order and hands out batches until nothing
 * is left. For bounded runs and the test driver; `EventSourceMapping` is the one that behaves like AWS.
 */
export class LocalJob {
  readonly #options: LocalJobOptions;
  readonly #stages: readonly StageRuntime[];
  #inputs: readonly Input[] = [];

  constructor(options: LocalJobOptions) {
    this.#options = options;
    const { pipeline, ports, resolveStream = (logical) => logical, ...rest } = options;
    this.#stages = pipeline.plan.stages.map(
      ({ id }) => new StageRuntime({ ...rest, pipeline, ports, resolveStream, stage: id }),
    );
  }

  /** Opens the job and a reader for each shard, at its first record. */
  async start(): Promise<void> {
    const { streams } = this.#options.ports;
    const inputs = await Promise.all(
      this.#stages.map(async (stage) => {
        const { stream, shardIds } = (await stage.job()).roster[stage.plan.id] ?? { stream: '', shardIds: [] };
        return Promise.all(
          shardIds.map(async (shardId) => ({
            stage,
            shardId,
            reader: await streams.openReader(stream, shardId, { at: 'trim-horizon' }),
            waiting: [],
          })),
        );
      }),
    );
    this.#inputs = inputs.flat();
  }

  /**
   * Processes what is there and what follows from it, until every stream is read to its end.
   * @throws the first error, when nothing is under way any more. The batch that failed is the next one of its shard.
   */
  async drain(): Promise<void> {
    for (let busy = true; busy; ) {
      const outcomes = await Promise.allSettled(this.#inputs.map((input) => this.#deliver(input)));
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      busy = outcomes.some((outcome) => outcome.status === 'fulfilled' && outcome.value);
    }
  }

  /** Moves the watermark of one source, or of all, and processes what follows from it. */
  async advanceWatermark(watermarkMs: number, source?: string): Promise<void> {
    await this.drain();
    const { clock } = this.#options.ports;
    const chosen = this.#stages.filter(
      ({ plan }) => plan.input.kind === 'source' && (source === undefined || plan.input.sourceId === source),
    );
    for (const stage of chosen) await stage.tick({ nowMs: clock.nowMs(), watermarkMs }, this.#deadline());
    await this.drain();
  }

  /** As the mapping's schedule does: lets idle shards move their watermarks. */
  async tick(): Promise<void> {
    const nowMs = this.#options.ports.clock.nowMs();
    for (const stage of this.#stages) await stage.tick({ nowMs }, this.#deadline());
    await this.drain();
  }

  /** Gives quarantined records another try, stage by stage, and processes what follows from it. */
  async redrive(options: RedriveOptions = {}): Promise<RedriveSummary> {
    await this.drain();
    let total = nothingRedriven;
    for (const stage of this.#stages) {
      const { plan } = stage;
      const repairs = new StageRepairs(stage.repaired);
      const records: QuarantinedRecord[] = [];
      for await (const record of listQuarantine(this.#options.ports, await stage.job())) {
        if (record.stage === plan.id && (await repairs.redriveProblem(record, options)) === undefined)
          records.push(record);
      }
      total = addRedriven(total, await repairs.redrive(records, this.#deadline(), options));
      await this.drain();
    }
    return total;
  }

  async #deliver(input: Input): Promise<boolean> {
    const { stage, shardId, reader } = input;
    if (input.waiting.length === 0) {
      const page = await reader.next(this.#options.batchSize ?? 500);
      if (page.records.length === 0) return page.behindLatestMs > 0;
      input.waiting = page.records;
    }
    const records = input.waiting;
    const notReached = await stage.processBatch(shardId, records, this.#deadline());
    const done = notReached === undefined ? records.length : records.findIndex((r) => r.sequenceNumber === notReached);
    input.waiting = records.slice(done);
    this.#options.onBatch?.(stage.plan.id, done);
    return true;
  }

  #deadline(): Deadline {
    return Deadline.in(this.#options.ports.clock, INVOCATION_MS);
  }
}
