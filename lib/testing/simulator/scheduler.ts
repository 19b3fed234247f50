import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StreamRecord } from '../../connectors/stream-port.ts';
import type { Random } from '../../core/random.ts';
import type { FaultKind, FaultPlan } from './faults.ts';
import type { Cursor, Mapping } from './mapping.ts';
import { type Gate, never, type Operation } from './operation.ts';
import { describe, describeBatch, describeEnding, meeting, operationFaults, unavailable } from './operation-faults.ts';
import type { Ending, Process } from './process.ts';
import type { Reached } from './reached.ts';
import type { Trace } from './trace.ts';
import type { SimulatedEvent, World } from './world.ts';

/** An operation that waits for its turn. `go` makes it happen, or something else instead. */
interface Pending {
  readonly process: Process;
  readonly operation: Operation<unknown>;
  readonly settle: (answer: Promise<unknown>) => void;
}

interface Landing {
  readonly notBefore: number;
  readonly what: string;
  readonly run: () => Promise<unknown>;
}

export interface SchedulerOptions {
  readonly world: World;
  readonly mapping: Mapping;
  readonly random: Random;
  readonly faults: FaultPlan;
  readonly trace: Trace;
  readonly reached: Reached;
  readonly events: readonly SimulatedEvent[];
  readonly withoutEvents: ReadonlySet<number>;
  readonly makeProcess: (stage: string, gate: (self: () => Process) => Gate) => Process;
  /** Told of every ending that a mapping or a schedule sees. */
  readonly onEnding: (stage: string, ending: Ending) => void;
  readonly ticks: boolean;
  readonly processesPerStage: number;
  readonly maxBatch: number;
  /** Share of operations that meet a fault. */
  readonly faultShare: number;
}

/** Faults never end; a run does, and leaves the rest to the calm after it. */
const MAX_STEPS = 6_000;

const HOUR_MS = 3_600_000;

/**
 * Owns every operation that is under way, and decides which takes effect next and how. One random source makes all
 * decisions, so that a seed is a schedule.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #processes = new Map<string, Process[]>();
  readonly #down = new Map<string, number>();
  #pending: Pending[] = [];
  #landing: Landing[] = [];
  /** Of the puts of genesis, which come by the hundred, the share that is scheduled. */
  readonly #genesisShare: number;
  #sent = 0;
  #ticking = false;
  #calm = false;
  steps = 0;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#genesisShare = options.random.fraction() < 0.15 ? 0.4 : 0.02;
  }

  /** Ends when all is sent and nothing more happens, or after so many steps. */
  async run(shouldStop: () => boolean): Promise<void> {
    for (let idle = 0; idle < 4 && this.steps < MAX_STEPS && !shouldStop(); this.steps++) {
      await nextTurn();
      const busy = await this.#act();
      idle = busy || !(await this.#isDone()) ? 0 : idle + 1;
    }
  }

  /** Faults stop: what is frozen goes on, what is under way ends, what was to land lands. */
  async calm(): Promise<void> {
    this.#options.faults.stop();
    this.#calm = true;
    this.#down.clear();
    for (const process of this.processes) process.frozenUntil = 0;
    while (this.#pending.length > 0 || this.#landing.length > 0) {
      if (this.#landing.length > 0 && (this.#pending.length === 0 || this.#options.random.fraction() < 0.2))
        await this.#land();
      else this.#release('normal');
      await nextTurn();
    }
  }

  get processes(): readonly Process[] {
    return [...this.#processes.values()].flat();
  }

  gate(self: () => Process): Gate {
    const { random, faults, world } = this.#options;
    let oldMaps: boolean | undefined;
    return {
      perform: (operation) => this.#perform(self(), operation),
      tears: () => random.fraction() < this.#options.faultShare && faults.allow('torn-read'),
      seesOldMap: async (stream) => {
        const { plan } = world.pipeline;
        const own = plan.stages.find(({ id }) => id === self().stage)?.input.stream;
        // The roster and a task's own range are read once and never by an old map: they decide who owns a key.
        if (stream === own || plan.stages.some(({ input }) => input.kind === 'source' && input.stream === stream))
          return false;
        if ((await world.items.get({ pk: `${plan.pipeline}/1`, sk: 'JOB' })) === undefined) return false;
        oldMaps ??= random.fraction() < 0.15 && faults.allow('stale-shard-map');
        return oldMaps;
      },
    };
  }

  /** A process that is free, warm or cold. */
  pick(stage: string): Process | undefined {
    const { random, processesPerStage } = this.#options;
    const pool = (this.#processes.get(stage) ?? []).filter(({ isDead }) => !isDead);
    const free = pool.filter(({ isBusy, frozenUntil }) => !isBusy && frozenUntil <= this.steps);
    if (free.length > 0 && (pool.length >= processesPerStage || random.fraction() < 0.75))
      return free[this.#below(free.length)];
    if (pool.length > processesPerStage + 1) return undefined;
    const fresh = this.#options.makeProcess(stage, (self) => this.gate(self));
    this.#processes.set(stage, [...pool, fresh]);
    return fresh;
  }

  async #act(): Promise<boolean> {
    const { random, events, faults } = this.#options;
    const chance = random.fraction();
    if (chance < 0.08 && this.#sent < events.length) return this.#send();
    if (chance < 0.1) this.#passTime();
    else if (chance < 0.13 && this.#landing.length > 0) return this.#land();
    else if (chance < 0.137) return this.#tick();
    else if (chance < 0.137 + this.#options.faultShare / 4) return this.#disturb(faults);
    if (chance < 0.35 || this.#pending.length === 0) {
      if (await this.#deliver()) return true;
    }
    if (!this.#pending.some(({ process }) => process.frozenUntil <= this.steps)) return false;
    this.#release(random.fraction() < this.#options.faultShare ? this.#fault() : 'normal');
    return true;
  }

  async #isDone(): Promise<boolean> {
    return (
      this.#sent === this.#options.events.length &&
      this.#pending.length === 0 &&
      this.#landing.length === 0 &&
      !(await this.#options.mapping.hasWork())
    );
  }

  async #send(): Promise<boolean> {
    const { events, withoutEvents, world, trace } = this.#options;
    const end = Math.min(events.length, this.#sent + 1 + this.#below(8));
    for (; this.#sent < end; this.#sent++) {
      if (withoutEvents.has(this.#sent)) continue;
      trace.add(this.steps, () => `event ${this.#sent} is sent`);
      await world.send(events.slice(this.#sent, this.#sent + 1), this.#sent);
    }
    return true;
  }

  #passTime(): void {
    const { random, faults, world, trace } = this.#options;
    const far = random.fraction() < 0.05 && faults.allow('clock-jump');
    const ms = Math.floor(random.fraction() * (far ? 30 * HOUR_MS : 30_000));
    if (far) trace.add(this.steps, () => `${Math.round(ms / 60_000)} minutes pass`);
    world.clock.advance(ms);
  }

  async #land(): Promise<boolean> {
    const due = this.#landing.filter(({ notBefore }) => this.#calm || notBefore <= this.steps);
    const landing = due[this.#below(due.length)];
    if (landing === undefined) return false;
    this.#landing.splice(this.#landing.indexOf(landing), 1);
    this.#options.trace.add(this.steps, () => `lands late: ${landing.what}`);
    await landing.run().catch(() => undefined);
    return true;
  }

  /** Soon, or when much else has happened. */
  #landLater(what: string, { run }: Operation<unknown>): void {
    const delay = this.#options.random.fraction() < 0.5 ? 0 : this.#below(500);
    this.#landing.push({ what, run, notBefore: this.steps + delay });
  }

  /** Faults that no operation asks for. */
  #disturb(faults: FaultPlan): boolean {
    const { mapping, trace, world, random } = this.#options;
    const busy = this.processes.filter(({ isBusy, isDead }) => isBusy && !isDead);
    const victim = busy[this.#below(busy.length)];
    const kind = (['frozen', 'killed', 'redelivered', 'sink-down'] as const)[this.#below(4)] as FaultKind;
    if (kind === 'frozen' && victim !== undefined && faults.allow(kind)) {
      victim.frozenUntil = this.steps + 20 + this.#below(400);
      trace.add(this.steps, () => `${victim.name} freezes until step ${victim.frozenUntil}`);
    }
    if (kind === 'killed' && victim !== undefined && faults.allow(kind)) this.#kill(victim);
    if (kind === 'redelivered') {
      const cursor = mapping.cursors[this.#below(mapping.cursors.length)] as Cursor;
      if (cursor.waitsFor === undefined && cursor.after !== undefined && faults.allow(kind)) {
        trace.add(this.steps, () => `${cursor.stage} ${cursor.shardId}: the last batch comes again`);
        mapping.stepBack(cursor);
      }
    }
    const sink = [...world.sinks.keys()][this.#below(world.sinks.size)];
    const until = this.steps + 20 + Math.floor(random.fraction() * 200);
    if (kind === 'sink-down' && sink !== undefined && faults.allow(kind)) {
      trace.add(this.steps, () => `sink ${sink} is down until step ${until}`);
      this.#down.set(sink, until);
    }
    return true;
  }

  /**
   * Starts an invocation for a shard that waits; sometimes for one that has one, as if that had timed out. Never a third:
   * a timeout ends them, and what begins a batch again and again looks like a record that crashes.
   */
  async #deliver(): Promise<boolean> {
    const { mapping, random, faults, maxBatch, trace } = this.#options;
    const cursor = mapping.cursors[this.#below(mapping.cursors.length)] as Cursor;
    const overlaps = random.fraction() < 0.1;
    if (cursor.running > 1 || (cursor.running === 1 && !overlaps)) return false;
    const batch = await mapping.nextBatch(cursor, 1 + this.#below(maxBatch));
    if (batch.length === 0 || (cursor.running === 1 && !faults.allow('overlapping'))) return false;
    const process = this.pick(cursor.stage);
    if (process === undefined) return false;
    trace.add(this.steps, () => `${process.name} is given ${describeBatch(batch)} of ${cursor.shardId}`);
    void this.#invoke(process, cursor, batch);
    return true;
  }

  async #invoke(process: Process, cursor: Cursor, batch: readonly StreamRecord[]): Promise<void> {
    const { mapping, trace, onEnding } = this.#options;
    const delivery = mapping.begin(cursor);
    const ending = await process.run((runtime, deadline) => runtime.processBatch(cursor.shardId, batch, deadline));
    mapping.end(cursor, delivery, batch, ending);
    trace.add(this.steps, () => `${process.name} ends with ${describeEnding(ending)}`);
    onEnding(process.stage, ending);
  }

  #tick(): boolean {
    const { world, trace, onEnding, ticks } = this.#options;
    const sources = world.pipeline.plan.stages.filter(({ input }) => input.kind === 'source');
    const stage = sources[this.#below(sources.length)]?.id;
    if (!ticks || this.#ticking || stage === undefined) return false;
    const process = this.pick(stage);
    if (process === undefined) return false;
    this.#ticking = true;
    const nowMs = world.clock.nowMs();
    trace.add(this.steps, () => `${process.name} is given a tick`);
    void process
      .run(async (runtime, deadline) => {
        await runtime.tick({ nowMs }, deadline);
        return undefined;
      })
      .then((ending) => {
        this.#ticking = false;
        onEnding(stage, ending);
      });
    return true;
  }

  #perform<T>(process: Process, operation: Operation<T>): Promise<T> {
    if (process.isDead) return never();
    if (operation.name === 'putRecords') this.#options.reached.put(process.stage, operation.target);
    // How often a batch was begun is counted without faults: see `#deliver`. Of the puts of genesis a few suffice.
    const isMinor = operation.isGenesis === true && this.#options.random.fraction() > this.#genesisShare;
    if (this.#calm || isMinor || operation.target === 'T') return operation.run();
    return new Promise<T>((resolve, reject) => {
      const settle = (answer: Promise<unknown>) => (answer as Promise<T>).then(resolve, reject);
      this.#pending.push({ process, operation: operation as Operation<unknown>, settle });
    });
  }

  #release(fault: FaultKind | 'normal'): void {
    const able = this.#pending.filter(({ process }) => process.frozenUntil <= this.steps);
    const pending = able[this.#below(able.length)];
    if (pending === undefined) return;
    this.#pending.splice(this.#pending.indexOf(pending), 1);
    const { process, operation, settle } = pending;
    if (process.isDead) return;
    const kind = this.#meets(fault, operation);
    this.#options.trace.add(
      this.steps,
      () => `${process.name}: ${describe(operation)}${kind === 'normal' ? '' : ` — ${kind}`}`,
    );
    if (kind === 'killed') this.#kill(process, pending);
    else settle(this.#happen(kind, pending));
  }

  /** The fault as it can meet the operation; `normal` where the plan does without it. */
  #meets(fault: FaultKind | 'normal', operation: Operation<unknown>): FaultKind | 'normal' {
    const down = operation.port === 'sinks' && (this.#down.get(operation.target) ?? 0) > this.steps;
    if (down) return 'sink-down';
    if (fault === 'normal' || this.#calm) return 'normal';
    const fitting = meeting(fault, operation);
    return fitting !== 'normal' && this.#options.faults.allow(fitting) ? fitting : 'normal';
  }

  async #happen(kind: FaultKind | 'normal', { process, operation }: Pending): Promise<unknown> {
    const { random } = this.#options;
    const half = () => random.fraction() < 0.5;
    switch (kind) {
      case 'throttled':
      case 'sink-down':
        throw unavailable(operation, false);
      case 'answer-lost':
        await operation.run();
        throw unavailable(operation, true);
      case 'repeated':
        await operation.run();
        return new Promise((resolve, reject) => {
          this.#pending.push({ process, operation, settle: (answer) => answer.then(resolve, reject) });
        });
      case 'lands-late':
        this.#landLater(`${process.name}: ${describe(operation)}`, operation);
        throw unavailable(operation, true);
      case 'partly': {
        const answer = await operation.runPartly?.(half);
        if (answer === undefined) throw unavailable(operation, true);
        return answer;
      }
      case 'reordered':
        return operation.runReordered?.(half);
      case 'empty-page':
        return operation.emptyAnswer;
      default:
        return operation.run();
    }
  }

  /** At whatever it waits for. Each call that is under way has happened, or never will, or lands late. */
  #kill(process: Process, released?: Pending): void {
    const { random, trace, faults } = this.#options;
    process.kill();
    trace.add(this.steps, () => `${process.name} dies`);
    const own = [
      ...(released === undefined ? [] : [released]),
      ...this.#pending.filter((one) => one.process === process),
    ];
    this.#pending = this.#pending.filter((one) => one.process !== process);
    for (const { operation } of own) {
      const fate = random.fraction();
      const what = `${process.name}: ${describe(operation)}`;
      if (!operation.writes || fate < 0.4) continue;
      if (fate > 0.7 && faults.allow('killed-lands-late')) this.#landLater(what, operation);
      else void operation.run().catch(() => undefined);
    }
  }

  #fault(): FaultKind {
    return operationFaults[this.#below(operationFaults.length)] as FaultKind;
  }

  #below(count: number): number {
    return Math.floor(this.#options.random.fraction() * count);
  }
}
