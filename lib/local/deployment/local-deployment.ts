import type { AwsClients } from '../../aws/clients.ts';
import { DynamoItemStore } from '../../aws/dynamo-item-store.ts';
import { KinesisStreams } from '../../aws/kinesis-streams.ts';
import { readJob } from '../../commit/job.ts';
import type { Shard } from '../../connectors/stream-port.ts';
import { systemRandom } from '../../core/random.ts';
import { MillraceError } from '../../errors/millrace-error.ts';
import type { Pipeline } from '../../graph/pipeline.ts';
import { type Deployment, deploymentVariable, stageVariable } from '../../lambda/deployment.ts';
import type { TakenMessage } from '../../memory/memory-queue.ts';
import { listQuarantine, type QuarantinedRecord } from '../../runtime/quarantine.ts';
import { stageOf } from '../../runtime/stage-inputs.ts';
import { MAX_WATERMARK_MS } from '../../time/watermark-strategy.ts';
import type { InvocationMoment } from '../containers/worker-containers.ts';
import type { Engines } from '../engines/start-engines.ts';
import type { SinkServices } from '../services/sink-services.ts';
import type { LocalDeploymentOptions } from './deployment-options.ts';
import { LocalStage, type LocalStageStats, TICK_TRIES } from './local-stage.ts';
import { StreamResharder } from './reshard.ts';
import { type PutOptions, SourceWriter } from './source-writer.ts';

/** A tick to all open shards of all stages. */
export interface LocalTick {
  /** A watermark known from elsewhere, such as the end of the input; ms since the epoch. */
  readonly watermarkMs?: number;
}

export interface LocalDeploymentParts {
  readonly pipeline: Pipeline;
  readonly engines: Engines;
  readonly ownsEngines: boolean;
  readonly services: SinkServices;
  readonly names: Deployment;
  readonly options: LocalDeploymentOptions;
}

const DEFAULT_WAIT_MS = 60_000;
const STOP_GRACE_MS = 2_000;

/** A pipeline that runs on this machine as it would on AWS: see `deployLocally`. */
export class LocalDeployment {
  /** To the engines, for whatever is to be put or looked at. */
  readonly clients: AwsClients;
  /** Physical names of everything. */
  readonly names: Deployment;
  readonly engines: Engines;
  readonly #pipeline: Pipeline;
  readonly #ownsEngines: boolean;
  readonly #services: SinkServices;
  readonly #streams: KinesisStreams;
  readonly #stages: ReadonlyMap<string, LocalStage>;
  readonly #writers: ReadonlyMap<string, SourceWriter>;
  #schedule: NodeJS.Timeout | undefined;
  #scheduled: Promise<unknown> = Promise.resolve();
  #stopping: Promise<void> | undefined;

  /** Made by `deployLocally`. */
  constructor({ pipeline, engines, ownsEngines, services, names, options }: LocalDeploymentParts) {
    this.#pipeline = pipeline;
    this.engines = engines;
    this.#ownsEngines = ownsEngines;
    this.#services = services;
    this.clients = engines.clients;
    this.names = names;
    const { plan } = pipeline;
    const streams = new KinesisStreams({ client: engines.clients.kinesis });
    this.#streams = streams;
    const environment = {
      POWERTOOLS_METRICS_DISABLED: 'true',
      ...options.environment,
      ...engines.environment,
      ...services.environment,
      [deploymentVariable]: JSON.stringify(names),
    };
    this.#stages = new Map(
      plan.stages.map((stage) => [
        stage.id,
        new LocalStage({
          plan,
          stage,
          stream: names.streams[stage.input.stream] as string,
          streams,
          environment: { ...environment, [stageVariable]: stage.id },
          random: options.random ?? systemRandom,
          options,
        }),
      ]),
    );
    this.#writers = new Map(
      plan.stages.flatMap(({ input }) =>
        input.kind === 'source'
          ? [[input.sourceId, new SourceWriter(streams, names.streams[input.stream] as string, input.aggregation)]]
          : [],
      ),
    );
  }

  /** Called once, by `deployLocally`. */
  async start(tickIntervalMs: number): Promise<void> {
    await Promise.all([...this.#stages.values()].map((stage) => stage.start()));
    // The first tick makes the job, so what is wrong with it is heard of here and not with the first record.
    await this.tick();
    if (tickIntervalMs > 0) this.#scheduleTicks(tickIntervalMs);
  }

  /**
   * Puts values into a source: bytes as they are, other values as JSON.
   *
   * @param source the source operator's id
   * @throws MillraceError `UNKNOWN_SOURCE` (input), `STREAM_UNAVAILABLE` (retryable)
   */
  async put(source: string, values: readonly unknown[], options?: PutOptions): Promise<void> {
    const writer = this.#writers.get(source);
    if (writer === undefined) {
      throw new MillraceError(
        'input',
        'UNKNOWN_SOURCE',
        `Pipeline '${this.#pipeline.name}' has no source '${source}'.`,
        {
          fix: `Use one of: ${[...this.#writers.keys()].join(', ')}.`,
          fields: { source },
        },
      );
    }
    await writer.put(values, options);
  }

  /**
   * The shards of a stream, closed ones too.
   *
   * @param stream logical name: that of a source, or of a repartition stream as `plan` shows it
   * @throws MillraceError `STREAM_NOT_FOUND` (configuration), `STREAM_UNAVAILABLE` (retryable)
   */
  listShards(stream: string): Promise<readonly Shard[]> {
    return this.#streams.listShards(this.#physical(stream));
  }

  /**
   * Splits an open shard in two, as Kinesis' SplitShard. The pipeline is not told: it finds the children as it would on
   * AWS. Resolves when they take records.
   *
   * @param newStartingHashKey the first hash key of the upper half; default the middle of the shard's range
   * @throws MillraceError `INVALID_ARGUMENT` (input), `STREAM_NOT_FOUND` (configuration), `STREAM_UNAVAILABLE` (retryable)
   * @example
   * const [shard] = (await deployed.listShards('orders')).filter(({ open }) => open);
   * await deployed.splitShard('orders', shard.shardId);
   */
  splitShard(stream: string, shardId: string, newStartingHashKey?: bigint): Promise<void> {
    return this.#resharder(stream).split(shardId, newStartingHashKey);
  }

  /**
   * Merges two open shards whose hash ranges meet, as Kinesis' MergeShards.
   *
   * @throws MillraceError as `splitShard`
   */
  mergeShards(stream: string, shardId: string, adjacentShardId: string): Promise<void> {
    return this.#resharder(stream).merge(shardId, adjacentShardId);
  }

  /**
   * Brings a stream to that many open shards, as Kinesis' UpdateShardCount.
   *
   * @param targetShardCount from half of the present number to its double
   * @throws MillraceError as `splitShard`
   */
  updateShardCount(stream: string, targetShardCount: number): Promise<void> {
    return this.#resharder(stream).updateCount(targetShardCount);
  }

  /** Terminates a container of the stage that is in the middle of an invocation. `false`: none is. */
  kill(stage: string): boolean {
    return this.#stage(stage).host.killOne();
  }

  /**
   * Terminates the first container of the stage for whose invocation `matches` says yes: at its start, or at a line that
   * it writes. Resolves with that moment; never if none matches.
   */
  killDuring(stage: string, matches: (moment: InvocationMoment) => boolean): Promise<InvocationMoment> {
    return this.#stage(stage).host.killDuring(matches);
  }

  /** By stage, in the order in which records pass them. */
  stats(): Readonly<Record<string, LocalStageStats>> {
    return Object.fromEntries([...this.#stages].map(([id, stage]) => [id, stage.stats()]));
  }

  /**
   * Resolves when everything that is in the streams now, and what follows from it, is processed.
   *
   * @param timeoutMs default 60,000
   * @throws MillraceError what a stage is blocked by; `DEADLINE` (retryable) when the time is up
   */
  async waitUntilIdle(timeoutMs = DEFAULT_WAIT_MS): Promise<void> {
    const timer = Promise.withResolvers<'time is up'>();
    const timeout = setTimeout(() => timer.resolve('time is up'), timeoutMs);
    try {
      // A shard may relay what it does not own to another one of its own stage: until a round finds nothing.
      for (let before = -1; before !== this.#delivered; ) {
        before = this.#delivered;
        // In this order: what a stage has sent is in the stream of the next one when it is idle.
        for (const [id, stage] of this.#stages) {
          if ((await Promise.race([stage.idle(), timer.promise])) !== undefined)
            throw this.#notIdle(id, stage, timeoutMs);
        }
      }
    } finally {
      clearTimeout(timeout);
    }
  }

  /**
   * Invokes all stages without records, as the schedule does: idle shards of sources move their watermarks, and shards that
   * follow on closed ones begin.
   *
   * @returns how many shards committed something
   * @throws MillraceError when a stage cannot be invoked
   */
  async tick({ watermarkMs }: LocalTick = {}): Promise<number> {
    const committed = await Promise.all([...this.#stages.values()].map((stage) => stage.tick(watermarkMs)));
    return committed.reduce((sum, count) => sum + count, 0);
  }

  /**
   * Ends the input: waits until all is processed, moves the watermarks to the end of time so that every window closes,
   * and waits for what comes of it. Put nothing while it runs, or after it.
   */
  async end(timeoutMs = DEFAULT_WAIT_MS): Promise<void> {
    clearInterval(this.#schedule);
    await this.#scheduled;
    await this.waitUntilIdle(timeoutMs);
    // A tick that loses against another commit yields; the last one finds nothing to change.
    for (let tries = 0; (await this.tick({ watermarkMs: MAX_WATERMARK_MS })) > 0; tries++) {
      if (tries < TICK_TRIES) continue;
      throw new MillraceError('retryable', 'LOST_RACE', 'The last watermark could not be committed.', {
        fix: 'Let nothing else write to the streams while the input ends.',
      });
    }
    await this.waitUntilIdle(timeoutMs);
  }

  /** What a sink's queue has taken, by the queue's logical name: bodies and ids, in their order. */
  messages(queue: string): readonly TakenMessage[] {
    const url = this.names.queues?.[queue] ?? '';
    return this.#services.queue(url.slice(url.lastIndexOf('/') + 1))?.messages() ?? [];
  }

  /** The objects of a sink's bucket, by the bucket's logical name: the values of their lines by key. */
  objects(bucket: string): ReadonlyMap<string, readonly unknown[]> {
    const store = this.#services.bucket(this.names.buckets?.[bucket] ?? '');
    return new Map(store?.keys().map((key) => [key, store.lines(key)]));
  }

  /** What was quarantined so far. */
  async *quarantine(): AsyncGenerator<QuarantinedRecord> {
    const items = new DynamoItemStore({ client: this.clients.dynamo, tableName: this.names.stateTable });
    const job = await readJob(items, this.#pipeline.name, this.names.incarnation ?? 1);
    const blobs = this.#services.blobs(this.names.blobs?.bucket ?? '');
    if (job !== undefined) yield* listQuarantine({ items, blobs }, job);
  }

  /** Ends everything that it started. May be called more than once, and at any time. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    clearInterval(this.#schedule);
    const stops = await Promise.allSettled([...this.#stages.values()].map((stage) => stage.stop(STOP_GRACE_MS)));
    await this.#scheduled;
    await this.#services.stop();
    if (this.#ownsEngines) await this.engines.stop();
    const failed = stops.find((stop) => stop.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  #scheduleTicks(intervalMs: number): void {
    let busy = false;
    this.#schedule = setInterval(() => {
      if (busy) return;
      busy = true;
      // As on AWS: a tick that fails is followed by another one.
      this.#scheduled = this.tick()
        .catch(() => undefined)
        .finally(() => {
          busy = false;
        });
    }, intervalMs);
  }

  /** Records that were delivered so far. */
  get #delivered(): number {
    return [...this.#stages.values()].reduce((sum, stage) => sum + stage.stats().mapping.delivered, 0);
  }

  #notIdle(id: string, { lastError }: LocalStage, timeoutMs: number): MillraceError {
    const because = lastError === undefined ? '' : ` Its last invocation failed: ${lastError}`;
    return new MillraceError('retryable', 'DEADLINE', `Stage '${id}' was not idle after ${timeoutMs} ms.${because}`, {
      fix: 'Wait longer, or send less.',
      fields: { stage: id, timeoutMs },
    });
  }

  #resharder(stream: string): StreamResharder {
    return new StreamResharder(this.clients.kinesis, this.#streams, this.#physical(stream));
  }

  #physical(stream: string): string {
    const name = this.names.streams[stream];
    if (name !== undefined) return name;
    throw new MillraceError(
      'configuration',
      'STREAM_NOT_FOUND',
      `Pipeline '${this.#pipeline.name}' has no stream '${stream}'.`,
      {
        fix: `Use one of: ${Object.keys(this.names.streams).join(', ')}.`,
        fields: { stream },
      },
    );
  }

  #stage(id: string): LocalStage {
    return this.#stages.get(stageOf(this.#pipeline.plan, id).id) as LocalStage;
  }
}
