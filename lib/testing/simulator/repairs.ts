import type { Random } from '../../core/random.ts';
import { MillraceError } from '../../errors/millrace-error.ts';
import type { StagePlan } from '../../graph/plan.ts';
import type { Deadline } from '../../runtime/deadline.ts';
import { listQuarantine, type QuarantinedRecord } from '../../runtime/quarantine.ts';
import type { RedriveSummary } from '../../runtime/run-redrive.ts';
import type { SkipScope } from '../../runtime/skip.ts';
import { StageRepairs } from '../../runtime/stage-repairs.ts';
import { hasGivenUp, isNotDrained } from './given-up.ts';
import type { Cursor, Mapping } from './mapping.ts';
import { describeEnding } from './operation-faults.ts';
import type { Ending, Process } from './process.ts';
import type { Reached } from './reached.ts';
import type { Verdict } from './verdict.ts';
import type { World } from './world.ts';

/** What operators may do to a simulated pipeline. See `SimulateOptions.repairs`. */
export interface RepairOptions {
  /** Told `false` when a run begins, and `true` once: what made records fail is mended from then on. */
  readonly setMended?: (isMended: boolean) => void;
}

export interface RepairSurroundings {
  readonly options: RepairOptions;
  readonly world: World;
  readonly mapping: Mapping;
  readonly random: Random;
  readonly reached: Reached;
  readonly verdict: Verdict;
  /** A container that nobody else uses. */
  readonly hire: (stage: string) => Process;
  readonly say: (line: () => string) => void;
}

/** The chance of a repair at a step, and how many there are at most: each takes as long as several batches. */
const SHARE = 0.01;
const MAX_REPAIRS = 6;
const MAX_AT_ONCE = 2;

/** Parked keys wait for one rejected row after the other. */
const MAX_ROUNDS = 60;

/**
 * Operators that redrive, release and skip while the pipeline is at work. Each repair is a container of its own, which dies,
 * freezes and loses races as any other.
 */
export class Repairs {
  readonly #around: RepairSurroundings;
  readonly #stages: readonly StagePlan[];
  #running = 0;
  #begun = 0;
  #mended = false;

  constructor(around: RepairSurroundings) {
    this.#around = around;
    this.#stages = around.world.pipeline.plan.stages;
    around.options.setMended?.(false);
  }

  /** @returns whether something was begun */
  async step(): Promise<boolean> {
    const { random, world } = this.#around;
    if (random.fraction() >= SHARE || this.#begun >= MAX_REPAIRS) return false;
    const chance = random.fraction();
    if (chance < 0.15) return this.#mend();
    if (chance < 0.35) return this.#skip();
    const { id } = this.#stages[this.#below(this.#stages.length)] as StagePlan;
    const releaseOnly = random.fraction() < 0.2;
    const isAll = random.fraction() < 0.5;
    if (releaseOnly) world.released = true;
    // Two at once have the same to do.
    for (let twice = random.fraction() < 0.3; this.#running < MAX_AT_ONCE; twice = false) {
      this.#start(id, releaseOnly ? 'a release' : 'a redrive', (process, deadline) =>
        this.#redrive(process, deadline, releaseOnly, () => isAll || random.fraction() < 0.7),
      );
      if (!twice) break;
    }
    return true;
  }

  /** When faults have stopped: all is mended and redriven, and no key waits for what cannot be. */
  async finish(drain: () => Promise<void>): Promise<void> {
    const { verdict, hire } = this.#around;
    this.#mend();
    const processes = this.#stages.map(({ id }) => hire(id));
    for (let rounds = 0, busy = true; busy && !verdict.isOver; rounds++) {
      if (rounds > MAX_ROUNDS) verdict.add([`repairs go on after ${MAX_ROUNDS} rounds`]);
      busy = false;
      for (const releaseOnly of [false, true]) {
        for (const process of processes) if (await this.#finishStage(process, releaseOnly)) busy = true;
        if (!verdict.isOver) await drain();
      }
    }
  }

  async #finishStage(process: Process, releaseOnly: boolean): Promise<boolean> {
    const { verdict, world, mapping } = this.#around;
    const { stage } = process;
    let progress = false;
    const ending = await process.run(async (_runtime, deadline) => {
      const { redriven, released } = await this.#redrive(process, deadline, releaseOnly, () => true);
      progress = redriven + released > 0;
      return undefined;
    });
    await verdict.take(stage, ending);
    if (isNotDrained(ending) && hasGivenUp(world, mapping, stage)) verdict.stop('waits at a gap');
    if (ending.kind !== 'done' && !verdict.isOver)
      verdict.add([`a repair of ${stage} fails although faults have stopped: ${describeEnding(ending)}`]);
    return progress;
  }

  #mend(): boolean {
    if (this.#mended) return false;
    this.#mended = true;
    this.#around.say(() => 'what made records fail is mended');
    this.#around.options.setMended?.(true);
    return true;
  }

  /** Everything of the stage that is in quarantine, or a part of it. */
  async #redrive(
    { runtime, stores }: Process,
    deadline: Deadline,
    releaseOnly: boolean,
    takes: () => boolean,
  ): Promise<RedriveSummary> {
    const { reached } = this.#around;
    const { repaired, plan } = runtime;
    const repairs = new StageRepairs(repaired);
    const records: QuarantinedRecord[] = [];
    for await (const record of listQuarantine(stores, await runtime.job())) {
      const isOwn = record.stage === plan.id && takes();
      if (isOwn && (await repairs.redriveProblem(record, { releaseOnly })) === undefined) records.push(record);
    }
    const summary = await repairs.redrive(records, deadline, { releaseOnly });
    reached.count('redriven records', summary.redriven);
    reached.count('redriven in vain', summary.rejected);
    reached.count('redriven by others', summary.known);
    reached.count('released keys', summary.released);
    return summary;
  }

  /** Records that wait, or are just being processed: whoever decides looks at a shard that others are at work on. */
  async #skip(): Promise<boolean> {
    const { mapping, world, random, reached } = this.#around;
    const sources = new Set(this.#stages.flatMap(({ id, input }) => (input.kind === 'source' ? [id] : [])));
    const cursors = mapping.cursors.filter(({ stage }) => sources.has(stage));
    const { stage, stream, shardId, after } = cursors[this.#below(cursors.length)] as Cursor;
    const { records } = await world.read(stream, shardId, after, 1 + this.#below(3));
    const sequenceNumber = records.at(-1)?.sequenceNumber;
    if (sequenceNumber === undefined) return false;
    const scope: SkipScope = { kind: random.fraction() < 0.7 ? 'through' : 'until', sequenceNumber };
    this.#start(
      stage,
      `a skip ${scope.kind} …${sequenceNumber.slice(-5)} of ${shardId}`,
      async ({ runtime }, deadline) => {
        const request = { scope, reason: 'simulated', by: 'an operator', nowMs: world.clock.nowMs() };
        const { recordCount } = await new StageRepairs(runtime.repaired).skipRecords(shardId, request, deadline);
        reached.count('skipped records', recordCount);
      },
    );
    return true;
  }

  #start(stage: string, what: string, work: (process: Process, deadline: Deadline) => Promise<unknown>): void {
    const { hire, say, verdict } = this.#around;
    const process = hire(stage);
    this.#begun++;
    this.#running++;
    say(() => `${process.name} begins ${what}`);
    void process
      .run(async (_runtime, deadline) => {
        await work(process, deadline);
        return undefined;
      })
      .then((ending) => {
        this.#running--;
        say(() => `${process.name} ends its repair with ${describeEnding(ending)}`);
        return isOvertaken(ending) ? undefined : verdict.take(stage, ending);
      });
  }

  #below(count: number): number {
    return Math.floor(this.#around.random.fraction() * count);
  }
}

/** What was to be skipped was processed meanwhile. */
const isOvertaken = (ending: Ending): boolean =>
  ending.kind === 'failed' &&
  ending.error instanceof MillraceError &&
  ['NOTHING_TO_SKIP', 'NOT_SKIPPABLE'].includes(ending.error.code);
