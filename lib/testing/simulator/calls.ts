import type { Random } from '../../core/random.ts';
import type { FaultKind, FaultPlan } from './faults.ts';
import { never, type Operation } from './operation.ts';
import { describe, meeting, operationFaults, unavailable } from './operation-faults.ts';
import type { Process } from './process.ts';
import type { Trace } from './trace.ts';
import { isWeakSpot, type WeakSpot } from './weak-spots.ts';

/** A call that waits for its turn. */
interface Pending {
  readonly process: Process;
  readonly operation: Operation<unknown>;
  readonly settle: (answer: Promise<unknown>) => void;
}

/** A write that nobody waits for any more, and that happens all the same. */
interface Landing {
  readonly notBefore: number;
  readonly what: string;
  readonly run: () => Promise<unknown>;
}

export interface CallsOptions {
  readonly random: Random;
  readonly faults: FaultPlan;
  readonly trace: Trace;
  /** The step of the schedule. */
  readonly now: () => number;
  /** Share of calls that meet a fault. */
  readonly faultShare: number;
  readonly weakSpot: WeakSpot | undefined;
  /** Told of a process whose invocation does not come to its end. */
  readonly onEndless: (process: Process) => void;
}

/** More than any invocation makes: one that does goes round for ever. */
const MAX_CALLS = 20_000;

/** Share of calls to a weak spot that meet a fault. */
const WEAK_SHARE = 0.25;

/** The calls of all processes that are under way: which of them takes effect next, and how. */
export class Calls {
  readonly #options: CallsOptions;
  readonly #down = new Map<string, number>();
  #blobsDownUntil = 0;
  /** Of calls that come by the dozen, the share that is scheduled. */
  readonly #minorShare: number;
  #pending: Pending[] = [];
  #landing: Landing[] = [];
  #calm = false;

  constructor(options: CallsOptions) {
    this.#options = options;
    this.#minorShare = options.random.fraction() < 0.15 ? 0.4 : 0.02;
  }

  get isEmpty(): boolean {
    return this.#pending.length === 0 && this.#landing.length === 0;
  }

  get isWaiting(): boolean {
    return this.#pending.length > 0;
  }

  get hasLandings(): boolean {
    return this.#landing.length > 0;
  }

  /** No fault is met from now on. */
  calm(): void {
    this.#calm = true;
    this.#down.clear();
    this.#blobsDownUntil = 0;
  }

  takeDown(sink: string, until: number): void {
    this.#down.set(sink, until);
  }

  takeBlobsDown(until: number): void {
    this.#blobsDownUntil = Math.max(until, this.#blobsDownUntil);
  }

  perform<T>(process: Process, operation: Operation<T>): Promise<T> {
    if (process.isDead) return never();
    if (++process.calls > MAX_CALLS) {
      this.#options.onEndless(process);
      return never();
    }
    const isMinor = operation.isMinor === true && this.#options.random.fraction() > this.#minorShare;
    if (this.#calm || isMinor) return operation.run();
    return new Promise<T>((resolve, reject) => {
      const settle = (answer: Promise<unknown>) => (answer as Promise<T>).then(resolve, reject);
      this.#pending.push({ process, operation: operation as Operation<unknown>, settle });
    });
  }

  /** Whether it could be killed now without looking like a process that a record has killed. */
  mayDie(process: Process): boolean {
    return !this.#pending.some((one) => one.process === process && countsTries(one.operation));
  }

  /** Lets one call take effect. False where all that wait are of processes that are frozen. */
  release(): boolean {
    const able = this.#pending.filter(({ process }) => process.frozenUntil <= this.#options.now());
    const pending = able[this.#below(able.length)];
    if (pending === undefined) return false;
    this.#pending.splice(this.#pending.indexOf(pending), 1);
    const { process, operation, settle } = pending;
    if (process.isDead) return true;
    const kind = this.#fate(operation);
    this.#say(() => `${process.name}: ${describe(operation)}${kind === 'normal' ? '' : ` — ${kind}`}`);
    if (kind === 'killed') this.kill(process, pending);
    else settle(this.#happen(kind, pending));
    return true;
  }

  async land(): Promise<boolean> {
    const due = this.#landing.filter(({ notBefore }) => this.#calm || notBefore <= this.#options.now());
    const landing = due[this.#below(due.length)];
    if (landing === undefined) return false;
    this.#landing.splice(this.#landing.indexOf(landing), 1);
    this.#say(() => `lands late: ${landing.what}`);
    await landing.run().catch(() => undefined);
    return true;
  }

  /** At whatever it waits for. Each call that is under way has happened, or never will, or lands late. */
  kill(process: Process, released?: Pending): void {
    const { random, faults } = this.#options;
    process.kill();
    this.#say(() => `${process.name} dies`);
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

  /** What the call meets; `normal` where the plan does without it. */
  #fate(operation: Operation<unknown>): FaultKind | 'normal' {
    const { random, faults, faultShare, weakSpot } = this.#options;
    const down = operation.port === 'sinks' && (this.#down.get(operation.target) ?? 0) > this.#options.now();
    if (down) return 'sink-down';
    if (this.#blobsDownUntil > this.#options.now() && isBlobWrite(operation)) return 'blobs-down';
    if (this.#calm) return 'normal';
    const share = isWeakSpot(weakSpot, operation) ? WEAK_SHARE : faultShare;
    if (random.fraction() >= share) return 'normal';
    const fitting = meeting(operationFaults[this.#below(operationFaults.length)] as FaultKind, operation);
    if (fitting === 'killed' && countsTries(operation)) return 'normal';
    return fitting !== 'normal' && faults.allow(fitting) ? fitting : 'normal';
  }

  async #happen(kind: FaultKind | 'normal', pending: Pending): Promise<unknown> {
    const { process, operation } = pending;
    const half = () => this.#options.random.fraction() < 0.5;
    switch (kind) {
      case 'throttled':
      case 'sink-down':
      case 'blobs-down':
        throw unavailable(operation, false);
      case 'answer-lost':
        await operation.run();
        throw unavailable(operation, true);
      case 'repeated':
        return this.#repeat(pending);
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

  /** The client calls again when it has waited for the answer, and that may be long: others go on meanwhile. */
  async #repeat({ process, operation }: Pending): Promise<unknown> {
    const { random, now } = this.#options;
    if (random.fraction() < 0.4) process.frozenUntil = now() + 100 + this.#below(900);
    await operation.run();
    return new Promise((resolve, reject) => {
      this.#pending.push({ process, operation, settle: (answer) => answer.then(resolve, reject) });
    });
  }

  /** Soon, or when much else has happened. */
  #landLater(what: string, { run }: Operation<unknown>): void {
    const delay = this.#options.random.fraction() < 0.5 ? 0 : this.#below(500);
    this.#landing.push({ what, run, notBefore: this.#options.now() + delay });
  }

  #say(line: () => string): void {
    this.#options.trace.add(this.#options.now(), line);
  }

  #below(count: number): number {
    return Math.floor(this.#options.random.fraction() * count);
  }
}

/** Wherever blobs are kept. What is deleted meanwhile hurts nobody. */
const isBlobWrite = (operation: Operation<unknown>): boolean =>
  isWeakSpot('blobs', operation) && (operation.name === 'putMany' || operation.name === 'putBlob');

/** A process that dies between these, again and again at one record, is what a record that crashes looks like. */
const countsTries = ({ target }: Operation<unknown>): boolean => target === 'T';
