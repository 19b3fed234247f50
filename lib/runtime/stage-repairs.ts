import type { Job } from '../commit/job.ts';
import { unitOf } from '../commit/job.ts';
import { unitName } from '../commit/log-unit.ts';
import type { LpRange } from '../commit/marks.ts';
import type { Shard, StreamDescription } from '../connectors/stream-port.ts';
import type { SourceNode } from '../graph/logical-graph.ts';
import type { StateTable } from '../state/state-table.ts';
import type { Ancestry } from './ancestry.ts';
import { originsOf, type SourceTask } from './compute-source.ts';
import type { Deadline } from './deadline.ts';
import type { StageEpochs } from './epoch-reader.ts';
import type { KeyedTask } from './keyed-task.ts';
import type { RuntimePorts } from './ports.ts';
import type { QuarantinedRecord } from './quarantine.ts';
import { isWaitedFor, keyedRedrive, partitionOf, windowOf } from './redrive-keyed.ts';
import type { RedriveTask } from './redrive-piece.ts';
import { sourceRedrive } from './redrive-source.ts';
import { addRedriven, nothingRedriven, type RedriveSummary, runRedrive } from './run-redrive.ts';
import { previewSkip, runSkip, type SkipSummary } from './run-skip.ts';
import { ownedBy } from './shard-map.ts';
import type { SkipRequest, SkipTask } from './skip.ts';
import type { Task } from './task.ts';

/** What repairs need of a stage in a container. */
export interface RepairedStage {
  readonly stage: string;
  /** Of a source stage. */
  readonly source: SourceNode | undefined;
  /** Of its operators. */
  readonly tables: readonly StateTable[];
  readonly ports: RuntimePorts;
  readonly partitions: number;
  open(): Promise<{
    readonly job: Job;
    readonly epochs: StageEpochs;
    readonly description: StreamDescription;
    readonly ancestry: Ancestry;
  }>;
  task(shardId: string): Promise<Task>;
  keyedTask(unit: string, shard: Shard, owned: LpRange, epochs: StageEpochs): KeyedTask;
  sourceTask(shard: Shard): SourceTask;
}

export interface RedriveOptions {
  /** Leave what was rejected in quarantine, and only let the keys go on that wait for it. Default false. */
  readonly releaseOnly?: boolean;
  /** Told after each commit. */
  readonly onStep?: (summary: RedriveSummary) => void;
}

/**
 * What an operator does to a stage: decisions and second tries, each a commit like any other. A command line that calls
 * this is one more container: it may lose races, die half-way and be run again.
 */
export class StageRepairs {
  readonly #stage: RepairedStage;

  constructor(stage: RepairedStage) {
    this.#stage = stage;
  }

  /**
   * Commits a decision to go on without records of a shard; `preview` only looks at what it would give up.
   * @throws MillraceError `NOTHING_TO_SKIP`, `NOT_SKIPPABLE`
   */
  async skipRecords(
    shardId: string,
    request: SkipRequest,
    deadline: Deadline,
    mode: 'preview' | 'commit' = 'commit',
  ): Promise<SkipSummary> {
    const { description, ancestry } = await this.#stage.open();
    const task = await this.#stage.task(shardId);
    const skipTask = this.#skipTask(description, await ancestry.find(shardId));
    return mode === 'preview'
      ? previewSkip(task, skipTask, request, deadline)
      : runSkip(task, skipTask, request, deadline);
  }

  /**
   * Processes quarantined records of the stage again, each once however often it is asked for.
   *
   * @param records in their order; none for which `redriveProblem` has an answer
   * @throws MillraceError `NOT_DRAINED` where a shard follows on one that is still at work; `USER_RETRYABLE`
   */
  async redrive(
    records: readonly QuarantinedRecord[],
    deadline: Deadline,
    { releaseOnly = false, onStep = () => undefined }: RedriveOptions = {},
  ): Promise<RedriveSummary> {
    const { job, epochs, ancestry } = await this.#stage.open();
    await ancestry.relist();
    let total = nothingRedriven;
    for (const shard of ancestry.open) {
      const mine = records.filter((record) => this.#belongsTo(shard, record));
      if (mine.length === 0) continue;
      const task = await this.#stage.task(shard.shardId);
      const redriveTask = this.#redriveTask(job, epochs, shard, releaseOnly);
      const before = total;
      const done = await runRedrive(task, redriveTask, this.#stage.ports, mine, deadline, (step) =>
        onStep(addRedriven(before, step)),
      );
      total = addRedriven(before, done);
    }
    return total;
  }

  /**
   * Why a quarantined record of this stage cannot be redriven; `undefined` where it can. A key can be released whatever it
   * waits for.
   * @throws MillraceError `PLAN_MISMATCH` where a later version has quarantined it
   */
  async redriveProblem(
    record: QuarantinedRecord,
    { releaseOnly = false }: Pick<RedriveOptions, 'releaseOnly'> = {},
  ): Promise<string | undefined> {
    if (record.payloadKind === 'decision') return 'it is a decision on record';
    if ((this.#stage.source !== undefined) !== (record.payloadKind === 'record'))
      return 'another writer has put it into the stream';
    if (releaseOnly || record.payloadKind !== 'pane') return undefined;
    const { epochs } = await this.#stage.open();
    if (windowOf(this.#stage.tables, epochs, record) === undefined) return 'its window was dropped by a later version';
    return undefined;
  }

  /** Those of the records that keys wait for: what `releaseOnly` would let go on. Releases nothing. */
  async waitedFor(records: readonly QuarantinedRecord[], deadline: Deadline): Promise<readonly QuarantinedRecord[]> {
    const { source, partitions, tables } = this.#stage;
    const { ancestry } = await this.#stage.open();
    await ancestry.relist();
    const found: QuarantinedRecord[] = [];
    for (const shard of source === undefined ? ancestry.open : []) {
      const mine = records.filter((record) => this.#belongsTo(shard, record));
      if (mine.length === 0) continue;
      const task = await this.#stage.task(shard.shardId);
      await task.tryCommit(async (_state, load) => {
        const state = await load(new Set(mine.map((record) => partitionOf(record, partitions))));
        found.push(...mine.filter((record) => isWaitedFor(tables, partitions, state, record)));
        return undefined;
      }, deadline);
    }
    return found;
  }

  /** Any shard could take a source's record. It has to be the same one, or one that follows on it, every time. */
  #belongsTo(shard: Shard, record: QuarantinedRecord): boolean {
    if (this.#stage.source !== undefined) return shard.hashStart === 0n;
    const owned = ownedBy(shard, this.#stage.partitions);
    const lp = partitionOf(record, this.#stage.partitions);
    return lp >= owned.from && lp <= owned.to;
  }

  #redriveTask(job: Job, epochs: StageEpochs, shard: Shard, releaseOnly: boolean): RedriveTask {
    const { stage, source } = this.#stage;
    if (source !== undefined) return sourceRedrive(this.#stage.sourceTask(shard), releaseOnly);
    const unit = unitName(unitOf(job, stage, shard.shardId));
    return keyedRedrive(
      this.#stage.keyedTask(unit, shard, ownedBy(shard, this.#stage.partitions), epochs),
      releaseOnly,
    );
  }

  #skipTask(description: StreamDescription, shard: Shard): SkipTask {
    const { stage, source, ports } = this.#stage;
    const reader = { stage, shard, aggregation: source?.spec.aggregation ?? 'none' };
    return {
      stage,
      operator: source?.id ?? stage,
      streams: ports.streams,
      description,
      shardId: shard.shardId,
      start: source?.spec.start ?? 'trim-horizon',
      isSource: source !== undefined,
      originsOf: (record) => originsOf(reader, record),
    };
  }
}
