import { BlobStore } from '../commit/blob-store.ts';
import type { UnitLog } from '../commit/collect-log.ts';
import { CommitLog } from '../commit/commit-log.ts';
import type { TaskShape } from '../commit/committed-state.ts';
import { type Job, openJob, readJob, unitOf } from '../commit/job.ts';
import { unitName } from '../commit/log-unit.ts';
import type { LpRange } from '../commit/marks.ts';
import type { Shard, StreamDescription, StreamRecord } from '../connectors/stream-port.ts';
import { allEnded } from '../core/all-ended.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import { firstEpoch } from '../graph/layout-plan.ts';
import type { QuarantineOptions, SourceNode } from '../graph/logical-graph.ts';
import type { Pipeline } from '../graph/pipeline.ts';
import type { StagePlan } from '../graph/plan.ts';
import { compileStage } from '../operators/compile-stage.ts';
import type { SourceProgram, StageProgram } from '../operators/stage-program.ts';
import type { Ancestry } from './ancestry.ts';
import { computeKeyed } from './compute-keyed.ts';
import { computeSource, type SourceTask } from './compute-source.ts';
import type { Deadline } from './deadline.ts';
import { newerEpoch, type StageEpochs, stageEpochs } from './epoch-reader.ts';
import { HandOver } from './hand-over.ts';
import type { KeyedTask } from './keyed-task.ts';
import { neededPartitions } from './needed-partitions.ts';
import { PacketReader } from './packet-reader.ts';
import { defaultPieceLimits, type PieceLimits } from './piece.ts';
import type { RuntimePorts } from './ports.ts';
import { requireContiguous, requireDrained, requireWithinRetention } from './probe.ts';
import { Publisher } from './publisher.ts';
import { ownedBy, ShardMap } from './shard-map.ts';
import { sinkTimings } from './split-outputs.ts';
import { ancestryOf, makeRoster, producersOf, type ResolveStream, stageOf } from './stage-inputs.ts';
import type { RepairedStage } from './stage-repairs.ts';
import { Task, type TaskInput } from './task.ts';
import { TaskCache } from './task-cache.ts';
import { TaskStore } from './task-store.ts';
import { taskTables } from './task-tables.ts';
import { type TickRequest, tickPiece } from './tick.ts';
import { TryCounter } from './try-counter.ts';

export interface StageRuntimeOptions {
  readonly pipeline: Pipeline;
  readonly stage: string;
  readonly ports: RuntimePorts;
  readonly resolveStream: ResolveStream;
  /** Bumped by restore and backfill. Default 1. */
  readonly incarnation?: number;
  /** Event time, ms, that a watermark moves before every receiver is told. Default 1,000. */
  readonly watermarkStepMs?: number;
  readonly limits?: PieceLimits;
  /**
   * Memory for the state of all shards of this container, bytes, about. What does not fit is loaded from its snapshot when
   * it is needed; at least one partition always fits. Default 256 MiB; the Lambda
   * handler gives a third of the function's memory.
   */
  readonly cacheBytes?: number;
  /**
   * Smaller logs than those of production, for simulations that wrap the ring, write snapshots and store payloads beside their
   * slots often. All containers of a job have to agree on the ring. Default: 128 slots, a snapshot every 64 commits, payloads
   * up to 64 KiB in their slots, or 9 KiB where there is a bucket.
   */
  readonly log?: { readonly ringSize: number; readonly snapshotCommits: number; readonly inlineBytes?: number };
  /** Overrides what the pipeline says of rejected records. */
  readonly quarantine?: Partial<QuarantineOptions>;
}

/** What a container knows once it has seen the job. */
interface OpenStage {
  readonly job: Job;
  readonly epochs: StageEpochs;
  readonly description: StreamDescription;
  /** Of the stage's input stream. */
  readonly ancestry: Ancestry;
}

/** A stage in one container: it opens the job once, and keeps a task for each shard it was given. */
export class StageRuntime {
  readonly plan: StagePlan;
  readonly #options: StageRuntimeOptions;
  readonly #program: StageProgram;
  readonly #shardMap: ShardMap;
  readonly #tasks: TaskCache;
  readonly #handOver: HandOver;
  #opening: Promise<OpenStage> | undefined;

  /** @throws MillraceError `UNKNOWN_OPERATOR` where the pipeline has no such stage */
  constructor(options: StageRuntimeOptions) {
    this.plan = stageOf(options.pipeline.plan, options.stage);
    this.#options = options;
    this.#program = compileStage(options.pipeline, this.plan);
    this.#shardMap = new ShardMap(options.ports.streams, options.pipeline.plan.partitions);
    this.#tasks = new TaskCache(options.cacheBytes ?? 256 * 1024 * 1024);
    this.#handOver = new HandOver({
      stage: this.plan.id,
      items: options.ports.items,
      open: () => this.#open(),
      task: (shardId) => this.#task(shardId),
    });
  }

  /**
   * Processes one delivered batch of a shard, to committed state and acknowledged outputs.
   *
   * @returns the first record that was not reached before the deadline, where others before it were
   * @throws MillraceError; the batch is to be delivered again
   */
  async processBatch(
    shardId: string,
    records: readonly StreamRecord[],
    deadline: Deadline,
  ): Promise<string | undefined> {
    return this.#inEpoch(async () => {
      const task = await this.#task(shardId);
      return task.processBatch(records, deadline);
    });
  }

  /**
   * Looks at every open shard without being given records: lets those that follow on closed ones begin, as long as these are
   * listed, or sends what these say last, and moves the watermarks of a source's idle ones.
   * @returns how many shards committed something
   */
  async tick(request: TickRequest, deadline: Deadline): Promise<number> {
    return this.#inEpoch(async () => {
      const { ancestry } = await this.#open();
      await ancestry.relist();
      const asked = new Set<string>();
      const committed = await allEnded(
        ancestry.open.map(async (shard) => {
          if (!(await this.#handOver.begin(shard, asked, deadline)) || this.plan.input.kind !== 'source') return false;
          return this.#tickSource(shard, request, deadline);
        }),
      );
      return committed.filter((did) => did).length;
    });
  }

  async #tickSource({ shardId }: Shard, request: TickRequest, deadline: Deadline): Promise<boolean> {
    const { description } = await this.#open();
    const { spec } = this.#sourceNode();
    const task = await this.#task(shardId);
    const tickTask = {
      streams: this.#options.ports.streams,
      clock: this.#options.ports.clock,
      description,
      shardId,
      start: spec.start,
      strategy: spec.watermarks,
      watermarkStepMs: this.#watermarkStepMs,
    };
    return task.tryCommit((state) => tickPiece({ ...tickTask, state }, request), deadline);
  }

  /** For `StageRepairs`. A deployed function has no use for those: they are not in its bundle. */
  get repaired(): RepairedStage {
    const { ports, pipeline } = this.#options;
    return {
      stage: this.plan.id,
      source: this.plan.input.kind === 'source' ? this.#sourceNode() : undefined,
      tables: this.#program.tables,
      ports,
      partitions: pipeline.plan.partitions,
      open: () => this.#open(),
      task: (shardId) => this.#task(shardId),
      keyedTask: (unit, shard, owned, epochs) => this.#keyedTask(unit, shard, owned, epochs),
      sourceTask: (shard) => this.#sourceTask(shard),
    };
  }

  /** After another deployment the job is read again at the next invocation: this plan may be the one that runs once more. */
  async #inEpoch<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      if (error instanceof MillraceError && error.code === 'PLAN_MISMATCH') {
        this.#opening = undefined;
        this.#tasks.clear();
      }
      throw error;
    }
  }

  /** Asked before an epoch is begun on a log: what was deployed since must not be followed by what was before it. */
  async #requireCurrent({ name, incarnation, epoch }: Job): Promise<void> {
    const job = await readJob(this.#options.ports.items, name, incarnation);
    if (job !== undefined && job.epoch !== epoch) throw newerEpoch(this.plan.id, job.epoch, epoch);
  }

  /** The job as this container knows it. @throws MillraceError as `openJob` */
  async job(): Promise<Job> {
    return (await this.#open()).job;
  }

  get #quarantine(): QuarantineOptions {
    return { ...this.#options.pipeline.graph.quarantine, ...this.#options.quarantine };
  }

  get #watermarkStepMs(): number {
    return this.#options.watermarkStepMs ?? 1_000;
  }

  #open(): Promise<OpenStage> {
    this.#opening ??= this.#readJob().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #readJob(): Promise<OpenStage> {
    const { pipeline, ports, resolveStream, incarnation = 1 } = this.#options;
    const { plan } = pipeline;
    const job = await openJob(ports.items, pipeline.name, incarnation, { plan, first: firstEpoch(plan) }, () =>
      makeRoster(plan, ports.streams, resolveStream),
    );
    const stream = resolveStream(this.plan.input.stream);
    const ancestry = ancestryOf(pipeline.plan, this.plan, ports.streams, stream);
    const [description] = await Promise.all([
      ports.streams.describe(stream),
      ancestry.relist(),
      ...this.#program.destinations.map((stage) => this.#shardMap.load(this.#streamInto(stage))),
    ]);
    const known = job.roster[this.plan.id];
    if (known?.stream !== stream || known.createdMs !== description.createdMs) {
      throw new MillraceError(
        'operator',
        'LINEAGE_LOST',
        `Stream '${stream}' is not the one that the job began with: that was '${known?.stream}' of ${new Date(known?.createdMs ?? 0).toISOString()}.`,
        {
          fix: 'A stream that was deleted and made again has lost its records. Start the job anew with a new state table.',
        },
      );
    }
    const epochs = stageEpochs(job, this.plan.id, (change) => this.#program.upgradeFrom(change));
    return { job, epochs, description, ancestry };
  }

  async #task(shardId: string): Promise<Task> {
    return this.#tasks.get(shardId, async () => {
      const open = await this.#open();
      return this.#makeTask(open, await open.ancestry.find(shardId));
    });
  }

  #makeTask(open: OpenStage, shard: Shard): Task {
    const { pipeline, ports, incarnation = 1 } = this.#options;
    const { job, epochs } = open;
    const { partitions } = pipeline.plan;
    const name = unitName(unitOf(job, this.plan.id, shard.shardId));
    const shape: TaskShape = {
      tables: taskTables(this.#program.tables),
      partitions,
      owned: ownedBy(shard, partitions),
      producers: producersOf(pipeline.plan, job, this.plan.id),
      destinations: this.#program.destinations,
      epochs,
    };
    const { log, blobs } = this.#openLog(name);
    const { snapshotCommits } = this.#options.log ?? {};
    const store = new TaskStore(log, blobs, shape, ports.observer, {
      ...(snapshotCommits !== undefined && { snapshotCommits }),
      memoryBytes: () => this.#tasks.roomFor(shard.shardId),
      openLog: (unit) => this.#openLog(unit),
    });
    const publisher = new Publisher(ports, this.#shardMap, incarnation, partitions, (stage) => this.#streamInto(stage));
    const options = {
      unit: name,
      stage: this.plan.id,
      requireCurrent: () => this.#requireCurrent(job),
      shardsOf: (stage: string) => this.#shardMap.current(this.#streamInto(stage)),
      watermarkStepMs: this.#watermarkStepMs,
      quarantine: this.#quarantine,
      sinkTimings: sinkTimings(pipeline.graph, this.plan),
    };
    return new Task(options, ports, store, publisher, this.#inputOf(name, shard, shape, open));
  }

  #openLog(unit: string): UnitLog {
    const { ports } = this.#options;
    const { ringSize, inlineBytes } = this.#options.log ?? {};
    const blobs = new BlobStore(ports, unit);
    return { log: new CommitLog(unit, ports.items, blobs, ports.random, ringSize, inlineBytes), blobs };
  }

  #inputOf(unit: string, shard: Shard, shape: TaskShape, open: OpenStage): TaskInput {
    const { ports } = this.#options;
    const { description } = open;
    const { shardId } = shard;
    const inheriting = (deadline: Deadline) => this.#handOver.inherit(shard, shape, deadline);
    if (this.plan.input.kind !== 'source') {
      const task = this.#keyedTask(unit, shard, shape.owned, open.epochs);
      return {
        compute: (state, records) => computeKeyed(task, state, records),
        needed: (state, records) => neededPartitions(task, state, records),
        probe: undefined,
        tries: undefined,
        inherit: inheriting,
        requireDrained: (position) =>
          requireDrained(ports.streams, description.name, shardId, position, 'trim-horizon'),
      };
    }
    const { spec } = this.#sourceNode();
    const task = this.#sourceTask(shard);
    return {
      compute: (state, records, crashed) => computeSource(task, state, records, crashed),
      needed: undefined,
      probe: (position, first) =>
        requireContiguous(ports.streams, description, shardId, position, spec.start, first, ports.clock),
      tries: new TryCounter(ports.items, unit, ports.random),
      inherit: inheriting,
      requireDrained: async (position) => {
        await requireDrained(ports.streams, description.name, shardId, position, spec.start);
        // What expired before it was read leaves no trace at the end of a shard.
        requireWithinRetention(description, shardId, position, ports.clock.nowMs());
      },
    };
  }

  #keyedTask(unit: string, { shardId }: Shard, owned: LpRange, epochs: StageEpochs): KeyedTask {
    const { pipeline, limits = defaultPieceLimits } = this.#options;
    const { partitions } = pipeline.plan;
    const parks = this.#quarantine.afterRejection === 'park-key';
    return {
      unit,
      stage: this.plan.id,
      shardId,
      program: this.#program,
      owned,
      partitions,
      limits,
      packets: new PacketReader(),
      parks,
      epochs,
    };
  }

  #sourceTask(shard: Shard): SourceTask {
    const { aggregation, watermarks } = this.#sourceNode().spec;
    const program = { ...this.#program, source: this.#program.source as SourceProgram };
    const { limits = defaultPieceLimits } = this.#options;
    return { stage: this.plan.id, shard, program, aggregation, boundMs: watermarks.boundMs, limits };
  }

  #sourceNode(): SourceNode {
    const { input } = this.plan;
    return this.#options.pipeline.graph.nodes.get(input.kind === 'source' ? input.sourceId : '') as SourceNode;
  }

  #streamInto(stage: string): string {
    return this.#options.resolveStream(stageOf(this.#options.pipeline.plan, stage).input.stream);
  }
}
