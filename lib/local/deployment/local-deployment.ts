import type { AwsClients } from '../../aws/clients.ts';
import { DynamoItemStore } from '../../aws/dynamo-item-store.ts';
import { KinesisStreams } from '../../aws/kinesis-streams.ts';
import { readJob } from '../../commit/job.ts';
import { systemClock } from '../../core/clock.ts';
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
import { handlerNotLoaded, LocalStage, type LocalStageStats } from './local-stage.ts';
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
const TICK_TRIES = 8;
const TICK_RETRY_MS = 100;

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
      // In this order: what a stage has sent is in the stream of the next one when it is idle.
      for (const [id, stage] of this.#stages) {
        if ((await Promise.race([stage.idle(), timer.promise])) === undefined) continue;
        const because = stage.lastError === undefined ? '' : ` Its last invocation failed: ${stage.lastError}`;
        throw new MillraceError(
          'retryable',
          'DEADLINE',
          `Stage '${id}' was not idle after ${timeoutMs} ms.${because}`,
          {
            fix: 'Wait longer, or send less.',
            fields: { stage: id, timeoutMs },
          },
        );
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
    const committed = await Promise.all([...this.#stages.values()].map((stage) => tickStage(stage, watermarkMs)));
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
    if (job !== undefined) yield* listQuarantine(items, job);
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

  #stage(id: string): LocalStage {
    return this.#stages.get(stageOf(this.#pipeline.plan, id).id) as LocalStage;
  }
}

/** Invokes until it succeeds: a container may be killed under a tick too. */
const tickStage = async (stage: LocalStage, watermarkMs: number | undefined): Promise<number> => {
  for (let tries = 1; ; tries++) {
    const event = { millrace: 'tick', nowMs: systemClock.nowMs(), ...(watermarkMs !== undefined && { watermarkMs }) };
    const result = await stage.host.invoke(event);
    if (result.ok) return (result.payload as { committed: number }).committed;
    const { type, message } = result.error;
    if (type === 'Stopped') return 0;
    if (type === 'Init') throw handlerNotLoaded(stage.plan.id, result.error);
    const known = stage.knownError;
    if (known !== undefined && !known.retryable) throw known;
    if (tries === TICK_TRIES) {
      throw new MillraceError(
        'retryable',
        'DEADLINE',
        `Stage '${stage.plan.id}' failed at ${tries} ticks: ${message}`,
        {
          fix: 'Look at what its containers write (onLog).',
          fields: { stage: stage.plan.id, type },
        },
      );
    }
    await systemClock.sleep(TICK_RETRY_MS);
  }
};
