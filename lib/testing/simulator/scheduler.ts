import type { StreamRecord } from '../../connectors/stream-port.ts';
import type { StagePlan } from '../../graph/plan.ts';
import { Disturbances } from './disturbances.ts';
import type { Cursor } from './mapping.ts';
import { describeBatch, describeEnding } from './operation-faults.ts';
import type { Process } from './process.ts';
import type { Repairs } from './repairs.ts';
import type { Rollout } from './rollout.ts';
import type { Surroundings } from './surroundings.ts';
import type { Verdict } from './verdict.ts';
import type { SimulatedEvent } from './world.ts';

export interface SchedulerOptions extends Surroundings {
  readonly rollout: Rollout;
  readonly repairs: Repairs | undefined;
  /** Decisions made so far. */
  readonly steps: { count: number };
  readonly events: readonly SimulatedEvent[];
  readonly withoutEvents: ReadonlySet<number>;
  /** Told of every ending that a mapping or a schedule sees. */
  readonly verdict: Verdict;
  readonly ticks: boolean;
  readonly maxBatch: number;
}

/** Faults never end; a run does, and leaves the rest to the calm after it. */
const MAX_STEPS = 6_000;

/** Of so many decisions one lets the event loop turn, for functions that wait for something real. A turn costs as much as a decision. */
const STEPS_A_TURN = 16;

/** Resolves when every promise that can go on has done so: a tick comes after the last of them. */
const settled = (isTurn: boolean): Promise<void> =>
  new Promise((resolve) => (isTurn ? setImmediate(resolve) : process.nextTick(resolve)));

/**
 * Decides what happens next: an event is sent, a batch delivered, a call takes effect, something goes wrong. One random
 * source makes all decisions, so that a seed is a schedule.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #disturbances: Disturbances;
  /** Invocations that have not ended, by the shard that they are for. */
  readonly #atWork = new Map<Cursor, Set<Process>>();
  #sent = 0;
  #ticking = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#disturbances = new Disturbances(options);
  }

  /** Ends when all is sent and nothing more happens, or after so many steps. */
  async run(): Promise<void> {
    const { steps, verdict } = this.#options;
    for (let idle = 0; idle < 4 && steps.count < MAX_STEPS && !verdict.isOver; steps.count++) {
      await settled(steps.count % STEPS_A_TURN === 0);
      const busy = await this.#act();
      idle = busy || !(await this.#isDone()) ? 0 : idle + 1;
    }
  }

  /** Faults stop: what is frozen goes on, what is under way ends, what was to land lands. */
  async calm(): Promise<void> {
    const { faults, calls, pool, random, rollout } = this.#options;
    faults.stop();
    calls.calm();
    for (const process of pool.all) process.frozenUntil = 0;
    while (!calls.isEmpty) {
      if (calls.hasLandings && (!calls.isWaiting || random.fraction() < 0.2)) await calls.land();
      else calls.release();
      await settled(true);
    }
    await rollout.finish();
  }

  async #act(): Promise<boolean> {
    const { random, events, calls } = this.#options;
    const chance = random.fraction();
    if (chance < 0.08 && this.#sent < events.length) return this.#send();
    if (chance < 0.1) this.#disturbances.passTime();
    else if (chance < 0.13 && calls.hasLandings) return calls.land();
    else if (chance < 0.137) return this.#tick();
    else if (await this.#disturbances.strike()) return true;
    else if (await this.#options.rollout.step()) return true;
    else if (await this.#options.repairs?.step()) return true;
    if (chance < 0.35 || !calls.isWaiting) {
      if (await this.#deliver()) return true;
    }
    return calls.release();
  }

  async #isDone(): Promise<boolean> {
    const { events, calls, mapping } = this.#options;
    return this.#sent === events.length && calls.isEmpty && !(await mapping.hasWork());
  }

  async #send(): Promise<boolean> {
    const { events, withoutEvents, world } = this.#options;
    const end = Math.min(events.length, this.#sent + 1 + this.#below(8));
    for (; this.#sent < end; this.#sent++) {
      if (withoutEvents.has(this.#sent)) continue;
      this.#say(() => `event ${this.#sent} is sent`);
      await world.send(events.slice(this.#sent, this.#sent + 1), this.#sent);
    }
    return true;
  }

  /**
   * Starts an invocation for a shard that waits; sometimes for one that has one, as if that had timed out. Never a third:
   * a timeout ends them, and what begins a batch again and again looks like a record that crashes.
   */
  async #deliver(): Promise<boolean> {
    const { mapping, random, faults, maxBatch, pool } = this.#options;
    await mapping.discover(() => random.fraction() < 0.01 && faults.allow('early-child'));
    const cursor = mapping.cursors[this.#below(mapping.cursors.length)] as Cursor;
    const overlaps = random.fraction() < (this.#isFrozen(cursor) ? 0.5 : 0.1);
    if (cursor.running > 1 || (cursor.running === 1 && !overlaps)) return false;
    const batch = await mapping.nextBatch(cursor, 1 + this.#below(maxBatch));
    if (batch.length === 0 || (cursor.running === 1 && !faults.allow('overlapping'))) return false;
    const process = pool.pick(cursor.stage);
    if (process === undefined) return false;
    this.#say(() => `${process.name} is given ${describeBatch(batch)} of ${cursor.shardId}`);
    void this.#invoke(process, cursor, batch);
    return true;
  }

  #isFrozen(cursor: Cursor): boolean {
    const { steps } = this.#options;
    return [...(this.#atWork.get(cursor) ?? [])].some(({ frozenUntil }) => frozenUntil > steps.count);
  }

  async #invoke(process: Process, cursor: Cursor, batch: readonly StreamRecord[]): Promise<void> {
    const { mapping, verdict } = this.#options;
    const delivery = mapping.begin(cursor);
    const atWork = this.#atWork.get(cursor) ?? new Set();
    this.#atWork.set(cursor, atWork.add(process));
    const ending = await process.run((runtime, deadline) => runtime.processBatch(cursor.shardId, batch, deadline));
    atWork.delete(process);
    mapping.end(cursor, delivery, batch, ending);
    this.#say(() => `${process.name} ends with ${describeEnding(ending)}`);
    await verdict.take(process.stage, ending);
  }

  #tick(): boolean {
    const { world, verdict, ticks, pool } = this.#options;
    const { stages } = world.pipeline.plan;
    const stage = stages[this.#below(stages.length)] as StagePlan;
    const isRare = stage.input.kind !== 'source' && this.#options.random.fraction() < 0.6;
    if (this.#ticking || isRare || (!ticks && stage.input.kind === 'source')) return false;
    const process = pool.pick(stage.id);
    if (process === undefined) return false;
    this.#ticking = true;
    const nowMs = world.clock.nowMs();
    this.#say(() => `${process.name} is given a tick`);
    void process
      .run(async (runtime, deadline) => {
        await runtime.tick({ nowMs }, deadline);
        return undefined;
      })
      .then((ending) => {
        this.#ticking = false;
        this.#say(() => `${process.name} ends its tick with ${describeEnding(ending)}`);
        return verdict.take(stage.id, ending);
      });
    return true;
  }

  #say(line: () => string): void {
    this.#options.trace.add(this.#options.steps.count, line);
  }

  #below(count: number): number {
    return Math.floor(this.#options.random.fraction() * count);
  }
}
