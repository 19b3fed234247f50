import { setImmediate as nextTurn } from 'node:timers/promises';
import type { PutEntry, PutOutcome, Shard, StreamRecord } from '../../lib/connectors/stream-port.ts';
import type { Random } from '../../lib/core/random.ts';
import { MillraceError } from '../../lib/errors/millrace-error.ts';
import type { Container, Ending } from './container.ts';
import { type Faults, never, type PortCall } from './faulty-ports.ts';
import { requireRetryable } from './finish.ts';
import type { Cursor, World } from './world.ts';

/** A call that waits for its turn. */
interface Waiting {
  readonly container: Container | undefined;
  readonly call: PortCall;
  /** Lets it go on as decided. */
  readonly go: (fate: Fate) => void;
}

/** Faults never end; the schedule does, and leaves the rest to an undisturbed end. */
const MAX_ACTIONS = 5_000;

type Fate = 'normal' | 'refused' | 'answer lost' | 'partly' | 'dies before' | 'dies after' | 'dies, lands late';

export interface ScheduleOptions {
  readonly world: World;
  readonly random: Random;
  /** What is sent, a few at a time. */
  readonly input: readonly PutEntry[];
  readonly containersPerStage: number;
  /** Chance of a fault at a call. */
  readonly faultShare: number;
  /** Chance of a split or merge at an action. */
  readonly reshardShare: number;
  readonly maxBatch: number;
}

/**
 * Runs a world under a random schedule: every call to a port waits until the schedule picks it, so that invocations,
 * zombies and late writes interleave in every way; each call may meet a fault. One seed is one schedule.
 */
export class Schedule {
  readonly #world: World;
  readonly #random: Random;
  readonly #options: ScheduleOptions;
  readonly #containers = new Map<string, Container[]>();
  /** The invocation of a shard that the mapping waits for. */
  readonly #deliveries = new Map<Cursor, Promise<void>>();
  readonly #running = new Map<Cursor, number>();
  readonly #late: (() => Promise<unknown>)[] = [];
  readonly faults: Record<string, number> = {};
  #waiting: Waiting[] = [];
  #error: unknown;
  #sent = 0;
  #ticking = false;
  /** Calls that were let go. */
  actions = 0;

  constructor(options: ScheduleOptions) {
    this.#world = options.world;
    this.#random = options.random;
    this.#options = options;
  }

  /** Ends when all input is sent and all calls of the time are made. What is left is for an undisturbed end. */
  async run(): Promise<void> {
    const { input } = this.#options;
    for (let idle = 0; idle < 3 && this.actions < MAX_ACTIONS; this.actions++) {
      await nextTurn();
      if (this.#error !== undefined) throw this.#error;
      const busy = await this.#act();
      idle = busy || this.#sent < input.length || this.#deliveries.size > 0 ? 0 : idle + 1;
    }
    while (this.#waiting.length > 0) {
      this.#release('normal');
      await nextTurn();
    }
    for (const effect of this.#late.splice(0)) await effect();
    await nextTurn();
    if (this.#error !== undefined) throw this.#error;
  }

  async #act(): Promise<boolean> {
    const chance = this.#random.fraction();
    if (chance < 0.05 && this.#sent < this.#options.input.length) return this.#send();
    if (chance < 0.08) this.#world.clock.advance(Math.floor(this.#random.fraction() * 40_000));
    if (chance < 0.1 && this.#late.length > 0) {
      await (this.#late.splice(this.#below(this.#late.length), 1)[0] as () => Promise<unknown>)();
      return true;
    }
    if (chance < 0.105) return this.#tick();
    if (chance < 0.105 + this.#options.reshardShare) return this.#reshard();
    if (chance < 0.3 || this.#waiting.length === 0) {
      if (await this.#deliver()) return true;
    }
    if (this.#waiting.length === 0) return false;
    this.#release(this.#random.fraction() < this.#options.faultShare ? this.#someFault() : 'normal');
    return true;
  }

  async #send(): Promise<boolean> {
    const count = 1 + this.#below(12);
    await this.#world.send(this.#options.input.slice(this.#sent, this.#sent + count));
    this.#sent += count;
    return true;
  }

  /**
   * Starts an invocation for a shard that waits; rarely for one that has one already, as if that had timed out. Never a
   * third one: more cannot overlap where a timeout ends them, and then they would look like a record that crashes.
   */
  async #deliver(): Promise<boolean> {
    const { cursors } = this.#world;
    const cursor = cursors[this.#below(cursors.length)] as Cursor;
    const running = this.#running.get(cursor) ?? 0;
    if (running > 1 || (running === 1 && this.#random.fraction() > 0.05)) return this.#waiting.length === 0;
    const batch = await this.#world.nextBatch(cursor, 1 + this.#below(this.#options.maxBatch));
    if (batch.length === 0) return false;
    const container = this.#pick(cursor.stage);
    const delivery: Promise<void> = container
      .run((runtime, deadline) => runtime.processBatch(cursor.shardId, batch, deadline))
      .then((ending) => this.#delivered(cursor, batch, ending, delivery));
    this.#running.set(cursor, running + 1);
    this.#deliveries.set(cursor, delivery);
    return true;
  }

  #delivered(cursor: Cursor, batch: readonly StreamRecord[], ending: Ending, delivery: Promise<void>): void {
    this.#running.set(cursor, (this.#running.get(cursor) ?? 0) - 1);
    // Nobody waits for the answer of an invocation that another took the place of.
    if (this.#deliveries.get(cursor) === delivery) {
      this.#deliveries.delete(cursor);
      this.#world.acknowledge(cursor, batch, ending);
    }
    this.#check(ending);
  }

  /** Splits an open shard of any stream, or merges it with the next. */
  async #reshard(): Promise<boolean> {
    const streams = [...new Set(this.#world.cursors.map(({ stream }) => stream))];
    const stream = streams[this.#below(streams.length)] as string;
    const open = (await this.#world.streams.listShards(stream))
      .filter((shard) => shard.open)
      .sort((a, b) => (a.hashStart < b.hashStart ? -1 : 1));
    const at = this.#below(open.length);
    const [first, second] = [open[at] as Shard, open[at + 1]];
    if (second !== undefined && this.#random.fraction() < 0.5)
      await this.#world.reshard(stream, first.shardId, second.shardId);
    else if (open.length < 6) await this.#world.reshard(stream, first.shardId);
    this.faults.reshard = (this.faults.reshard ?? 0) + 1;
    return true;
  }

  #tick(): boolean {
    if (this.#ticking) return false;
    this.#ticking = true;
    const container = this.#pick(this.#world.source);
    const nowMs = this.#world.clock.nowMs();
    void container
      .run(async (runtime, deadline) => {
        await runtime.tick({ nowMs }, deadline);
        return undefined;
      })
      .then((ending) => {
        this.#ticking = false;
        this.#check(ending);
      });
    return true;
  }

  #check(ending: Ending): void {
    try {
      requireRetryable(ending);
    } catch (error) {
      this.#error ??= error;
    }
  }

  /** A warm container that is not at work, or a cold one in the place of any. */
  #pick(stage: string): Container {
    const pool = (this.#containers.get(stage) ?? []).filter(({ life }) => !life.isDead);
    const free = pool.filter(({ busy }) => !busy);
    if (free.length > 0 && (pool.length >= this.#options.containersPerStage || this.#random.fraction() < 0.7)) {
      return free[this.#below(free.length)] as Container;
    }
    const fresh: Container = this.#world.container(
      stage,
      {},
      this.#gate(() => fresh),
    );
    this.#containers.set(stage, [...pool, fresh]);
    return fresh;
  }

  #gate(owner: () => Container): Faults {
    return {
      around: async (call, effect) => {
        if (call.genesis && this.#random.fraction() > 0.03) return effect();
        const fate = await new Promise<Fate>((go) => {
          this.#waiting.push({ container: owner(), call, go });
        });
        return this.#meet(fate, owner(), call, effect);
      },
    };
  }

  async #meet<T>(fate: Fate, container: Container, call: PortCall, effect: () => Promise<T>): Promise<T> {
    if (container.life.isDead) return never();
    if (fate === 'refused') throw unavailable(call, false);
    if (fate === 'dies, lands late') this.#late.push(effect);
    if (fate === 'dies before' || fate === 'dies, lands late') return this.#kill(container);
    if (fate === 'partly') return (await this.#putPartly(call.entries ?? [], call.target)) as T;
    const answer = await effect();
    if (fate === 'dies after') return this.#kill(container);
    if (fate === 'answer lost') throw unavailable(call, true);
    return answer;
  }

  #kill<T>(container: Container): Promise<T> {
    container.life.kill();
    return never();
  }

  /** Some of the records are not taken; of some the stream only says so. */
  async #putPartly(entries: readonly PutEntry[], stream: string): Promise<PutOutcome[]> {
    const outcomes: PutOutcome[] = [];
    for (const entry of entries) {
      const chance = this.#random.fraction();
      if (chance < 0.6) outcomes.push((await this.#world.streams.putRecords(stream, [entry]))[0] as PutOutcome);
      else {
        if (chance < 0.8) await this.#world.streams.putRecords(stream, [entry]);
        outcomes.push({ ok: false, code: 'ProvisionedThroughputExceededException' });
      }
    }
    return outcomes;
  }

  #release(fate: Fate): void {
    const [waiting] = this.#waiting.splice(this.#below(this.#waiting.length), 1);
    if (waiting === undefined) return;
    const fitting = fitFate(fate, waiting.call);
    if (fitting !== 'normal') this.faults[fitting] = (this.faults[fitting] ?? 0) + 1;
    waiting.go(fitting);
  }

  #someFault(): Fate {
    return faults[this.#below(faults.length)] as Fate;
  }

  #below(count: number): number {
    return Math.floor(this.#random.fraction() * count);
  }
}

const faults: readonly Fate[] = ['refused', 'answer lost', 'partly', 'dies before', 'dies after', 'dies, lands late'];

const fitFate = (fate: Fate, call: PortCall): Fate => {
  // A process that dies at the count of its tries, again and again, is what a crashing record looks like.
  if (call.port === 'items' && call.target === 'T') return 'normal';
  if (fate === 'partly') return call.operation === 'putRecords' ? 'partly' : 'refused';
  if (fate === 'dies, lands late') return call.writes ? fate : 'dies before';
  if (fate === 'answer lost' && !call.writes) return 'refused';
  return fate;
};

const unavailable = (call: PortCall, mayHaveHappened: boolean): MillraceError => {
  const code =
    call.port === 'streams'
      ? 'STREAM_UNAVAILABLE'
      : call.port === 'sinks'
        ? 'SINK_UNAVAILABLE'
        : mayHaveHappened
          ? 'OUTCOME_UNKNOWN'
          : 'STORE_UNAVAILABLE';
  return new MillraceError('retryable', code, `${call.operation} ${call.target}: a fault of the test`);
};
