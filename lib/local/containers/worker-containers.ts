import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Random } from '../../core/random.ts';
import { MillraceError } from '../../errors/millrace-error.ts';
import type { FunctionHost, InvocationResult } from './function-host.ts';
import { affinityOf, chooseContainer, type Placement } from './placement.ts';
import { failure, type LogLine, WorkerContainer } from './worker-container.ts';

export interface WorkerFunctionOptions {
  /** The handler's module: `.ts` (run natively by Node 24) or `.js`; a relative path is one from the working directory. */
  readonly entry: URL | string;
  /** Default `handler`. */
  readonly exportName?: string;
  /** The whole environment of the containers: nothing of the parent's is added. */
  readonly environment: Readonly<Record<string, string>>;
  /** 1 … 900,000: the handler's time for one invocation, cold start not counted. */
  readonly timeoutMs: number;
  /** 1 … 1,000: containers at once, as reserved concurrency limits them. */
  readonly maxContainers: number;
  readonly functionName: string;
  readonly random: Random;
  /** Default `random`. */
  readonly placement?: Placement;
  /** When no container is free: `wait` for one (default), or answer `Throttled` as Lambda does. */
  readonly whenBusy?: 'wait' | 'throttle';
  /** Told to the handler, not enforced. Default 512. */
  readonly memoryLimitInMB?: number;
  /** Default 30,000. */
  readonly initTimeoutMs?: number;
  /** Lines that the containers write. They are not printed. */
  readonly onLog?: (line: LogLine) => void;
}

/** What a kill's predicate sees: an invocation that has just begun, or one that has just written a line. */
export interface InvocationMoment {
  readonly at: 'start' | 'log';
  readonly event: unknown;
  readonly requestId: string;
  readonly containerId: number;
  readonly line?: string;
}

export interface WorkerFunctionStats {
  readonly coldStarts: number;
  readonly invocations: number;
  readonly failures: number;
  readonly timeouts: number;
  readonly kills: number;
  /** Now. */
  readonly containers: number;
  readonly busy: number;
  readonly waiting: number;
}

type Place = WorkerContainer | 'busy' | 'stopped';

/**
 * A function whose containers are Workers: own environment, warm memory, real kills.
 *
 * @throws MillraceError `INVALID_OPTION` (configuration)
 * @example
 * const host = createWorkerFunction({
 *   entry: 'functions/revenue/handler.ts', functionName: 'revenue', environment: { AWS_REGION: 'eu-central-1' },
 *   timeoutMs: 30_000, maxContainers: 4, random: systemRandom,
 * });
 */
export const createWorkerFunction = (options: WorkerFunctionOptions): WorkerFunction => new WorkerFunction(options);

export class WorkerFunction implements FunctionHost {
  readonly functionArn: string;
  readonly #options: WorkerFunctionOptions;
  readonly #containers = new Set<WorkerContainer>();
  readonly #idle = new Set<WorkerContainer>();
  readonly #waiting: ((place: Place) => void)[] = [];
  readonly #armed = new Set<{
    matches: (moment: InvocationMoment) => boolean;
    killed: (m: InvocationMoment) => void;
  }>();
  readonly #counts = { coldStarts: 0, invocations: 0, failures: 0, timeouts: 0, kills: 0 };
  /** Shared with the containers: how many kills are armed. */
  readonly #armedCount = new Int32Array(new SharedArrayBuffer(4));
  #stopped = false;

  constructor(options: WorkerFunctionOptions) {
    checkWhole('timeoutMs', options.timeoutMs, 1, 900_000);
    checkWhole('maxContainers', options.maxContainers, 1, 1_000);
    this.#options = options;
    const region = options.environment.AWS_REGION ?? 'us-east-1';
    this.functionArn = `arn:aws:lambda:${region}:000000000000:function:${options.functionName}`;
  }

  async invoke(event: unknown): Promise<InvocationResult> {
    const requestId = randomUUID();
    const affinity = affinityOf(event);
    const container = await this.#acquire(affinity);
    if (container === 'busy') return failure('Throttled', 'no container is free', requestId);
    if (container === 'stopped') return failure('Stopped', 'the function was stopped', requestId);
    container.lastAffinity = affinity;
    this.#counts.invocations++;
    const running = container.invoke(event, requestId, this.#options.timeoutMs);
    running.finally(() => this.#release(container));
    const result = await running;
    if (!result.ok) this.#counts.failures++;
    if (!result.ok && result.error.type === 'Timeout') this.#counts.timeouts++;
    return result;
  }

  /** Terminates a container that is in the middle of an invocation. `false`: none is. */
  killOne(): boolean {
    const busy = [...this.#containers].filter((container) => container.currentRequestId !== undefined);
    const victim = busy[Math.floor(this.#options.random.fraction() * busy.length)];
    if (victim === undefined) return false;
    this.#kill(victim);
    return true;
  }

  /**
   * Terminates the first container for whose invocation `matches` says yes, at its start or at a line that it writes: exactly
   * there, since a container waits at each line while a kill is armed.
   * Resolves with that moment; call it again for another kill. Never resolves if none matches before `stop`.
   */
  killDuring(matches: (moment: InvocationMoment) => boolean): Promise<InvocationMoment> {
    return new Promise((killed) => {
      this.#armed.add({ matches, killed });
      this.#countArmed();
    });
  }

  stats(): WorkerFunctionStats {
    return {
      ...this.#counts,
      containers: this.#containers.size,
      busy: this.#containers.size - this.#idle.size,
      waiting: this.#waiting.length,
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#armed.clear();
    this.#countArmed();
    const containers = [...this.#containers];
    for (const refuse of this.#waiting.splice(0)) refuse('stopped');
    await Promise.all(containers.map((container) => container.terminate('Stopped', 'the function was stopped')));
  }

  #acquire(affinity: string | undefined): Promise<Place> | Place {
    if (this.#stopped) return 'stopped';
    const canStart = this.#containers.size < this.#options.maxContainers;
    if (this.#idle.size > 0 || canStart) return this.#take(canStart, affinity);
    if (this.#options.whenBusy === 'throttle') return 'busy';
    return new Promise((take) => this.#waiting.push(take));
  }

  #take(canStart: boolean, affinity: string | undefined): WorkerContainer {
    const { placement = 'random', random } = this.#options;
    const chosen =
      this.#idle.size === 0 ? undefined : chooseContainer([...this.#idle], canStart, placement, affinity, random);
    if (chosen === undefined) return this.#startContainer();
    this.#idle.delete(chosen);
    return chosen;
  }

  #startContainer(): WorkerContainer {
    const { entry, environment, functionName, exportName = 'handler', memoryLimitInMB = 512 } = this.#options;
    const container = new WorkerContainer({
      id: ++this.#counts.coldStarts,
      settings: {
        entryUrl: (entry instanceof URL ? entry : pathToFileURL(resolve(entry))).href,
        exportName,
        functionName,
        functionArn: this.functionArn,
        memoryLimitInMB,
      },
      armed: this.#armedCount,
      environment,
      initTimeoutMs: this.#options.initTimeoutMs ?? 30_000,
      onLog: (line) => this.#options.onLog?.(line),
      onWrote: (writer, requestId, line) => this.#offerKill(writer, requestId, 'log', line),
      // A turn later: a kill at the start then finds a Worker that has its event.
      onBegin: (begun, requestId) => setImmediate(() => this.#offerKill(begun, requestId, 'start')),
      onGone: (gone) => this.#forget(gone),
    });
    this.#containers.add(container);
    return container;
  }

  #release(container: WorkerContainer): void {
    if (!this.#containers.has(container)) return;
    // Handed over, not put back: whoever waits longest is next.
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.add(container);
    else next(container);
  }

  #forget(container: WorkerContainer): void {
    this.#containers.delete(container);
    this.#idle.delete(container);
    this.#waiting.shift()?.(this.#stopped ? 'stopped' : this.#startContainer());
  }

  #countArmed(): void {
    Atomics.store(this.#armedCount, 0, this.#armed.size);
  }

  #offerKill(container: WorkerContainer, requestId: string, at: 'start' | 'log', line?: string): void {
    if (this.#armed.size === 0 || container.currentRequestId !== requestId) return;
    const base = { at, event: container.currentEvent, requestId, containerId: container.id };
    const moment: InvocationMoment = line === undefined ? base : { ...base, line };
    for (const armed of this.#armed) {
      if (!armed.matches(moment)) continue;
      this.#armed.delete(armed);
      this.#countArmed();
      this.#kill(container);
      armed.killed(moment);
      return;
    }
  }

  #kill(container: WorkerContainer): void {
    this.#counts.kills++;
    void container.terminate('Killed', `container ${container.id} was killed in the middle of an invocation`);
  }
}

const checkWhole = (option: string, given: number, least: number, most: number): void => {
  if (Number.isInteger(given) && given >= least && given <= most) return;
  throw new MillraceError('configuration', 'INVALID_OPTION', `${option} is ${given}`, {
    fix: `Give a whole number from ${least} to ${most}.`,
    fields: { option, given, allowed: [least, most] },
  });
};
