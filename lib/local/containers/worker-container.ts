import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ContainerMessage, ContainerSettings, LineHold } from './container-messages.ts';
import type { FailureType, InvocationResult } from './function-host.ts';
import { readLines } from './log-lines.ts';

export interface LogLine {
  readonly containerId: number;
  readonly stream: 'stdout' | 'stderr';
  readonly line: string;
  /** The invocation under way when the line arrived here; a line written at its very end may come after it. */
  readonly requestId: string | undefined;
}

export interface ContainerStart {
  readonly id: number;
  readonly settings: Omit<ContainerSettings, 'hold'>;
  /** See {@link LineHold}. */
  readonly armed: Int32Array;
  readonly environment: Readonly<Record<string, string>>;
  readonly initTimeoutMs: number;
  readonly onLog: (line: LogLine) => void;
  /** Called when the Worker has been given an invocation. */
  readonly onBegin: (container: WorkerContainer, requestId: string) => void;
  /** Called with each line that an invocation writes while kills are armed; the container waits meanwhile. */
  readonly onWrote: (container: WorkerContainer, requestId: string, line: string) => void;
  /** Called once, when the container can take no more invocations. */
  readonly onGone: (container: WorkerContainer) => void;
}

interface Invocation {
  readonly requestId: string;
  readonly event: unknown;
  readonly finish: (result: InvocationResult) => void;
}

// Beside this file, and of its kind: .ts in the repository, .js in the package.
const bootstrapUrl = new URL(`./worker-bootstrap${extname(import.meta.url)}`, import.meta.url);

/** One container: a Worker that has imported the handler and takes one invocation at a time. */
export class WorkerContainer {
  readonly id: number;
  lastAffinity: string | undefined;
  readonly #start: ContainerStart;
  readonly #worker: Worker;
  readonly #ready = Promise.withResolvers<InvocationResult | undefined>();
  readonly #hold: LineHold;
  #current: Invocation | undefined;
  #gone = false;

  constructor(start: ContainerStart) {
    this.id = start.id;
    this.#start = start;
    this.#hold = { armed: start.armed, looked: new Int32Array(new SharedArrayBuffer(4)) };
    this.#worker = new Worker(bootstrapUrl, {
      workerData: { ...start.settings, hold: this.#hold } satisfies ContainerSettings,
      env: { ...start.environment },
      // Not the parent's: a test runner's loaders have no business in a container.
      execArgv: [],
      stdout: true,
      stderr: true,
    });
    const initTimer = setTimeout(
      () => this.terminate('Init', `the module was not loaded within ${start.initTimeoutMs} ms`),
      start.initTimeoutMs,
    );
    this.#ready.promise.then(() => clearTimeout(initTimer));
    this.#worker.on('message', (message: ContainerMessage) => this.#onMessage(message));
    this.#worker.on('error', (error) => this.#end('Unhandled', `${error.name}: ${error.message}`, error.stack));
    this.#worker.on('exit', (code) => this.#end('Unhandled', `the container exited with code ${code}`));
    this.#listen('stdout');
    this.#listen('stderr');
  }

  get currentEvent(): unknown {
    return this.#current?.event;
  }

  get currentRequestId(): string | undefined {
    return this.#current?.requestId;
  }

  /** Waits for the cold start, if it is not over; then the handler's time runs. Never rejects. */
  async invoke(event: unknown, requestId: string, timeoutMs: number): Promise<InvocationResult> {
    const initFailure = await this.#ready.promise;
    if (initFailure !== undefined) return { ...initFailure, requestId };
    if (this.#gone) return failure('Stopped', 'the container is gone', requestId);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.terminate('Timeout', `timed out after ${timeoutMs} ms`), timeoutMs);
      const finish = (result: InvocationResult) => {
        clearTimeout(timer);
        this.#current = undefined;
        resolve(result);
      };
      this.#current = { requestId, event, finish };
      this.#worker.postMessage({ requestId, eventJson: JSON.stringify(event), deadlineMs: Date.now() + timeoutMs });
      this.#start.onBegin(this, requestId);
    });
  }

  /** Ends the Worker wherever it is; an invocation under way comes back as `type`. */
  terminate(type: FailureType, message: string): Promise<unknown> {
    this.#end(type, message);
    return this.#worker.terminate();
  }

  #onMessage(message: ContainerMessage): void {
    if (message.kind === 'ready') this.#ready.resolve(undefined);
    else if (message.kind === 'init-failed') {
      this.#end('Init', message.message, message.stack);
      void this.#worker.terminate();
    } else if (message.kind === 'wrote') {
      for (const line of message.text.split('\n')) this.#start.onWrote(this, message.requestId, line);
      Atomics.add(this.#hold.looked, 0, 1);
      Atomics.notify(this.#hold.looked, 0);
    } else if (message.requestId === this.#current?.requestId) {
      this.#current.finish(resultOf(message));
    }
  }

  #end(type: FailureType, message: string, stack?: string): void {
    if (this.#gone) return;
    this.#gone = true;
    // Before it is ready a container has no invocation of its own: whoever waits for the cold start gets this.
    const whenNotReady = type === 'Unhandled' ? 'Init' : type;
    this.#ready.resolve(failure(whenNotReady, message, undefined, stack));
    const current = this.#current;
    current?.finish(failure(type, message, current.requestId, stack));
    this.#start.onGone(this);
  }

  #listen(stream: 'stdout' | 'stderr'): void {
    readLines(this.#worker[stream], (line) => {
      this.#start.onLog({ containerId: this.id, stream, line, requestId: this.#current?.requestId });
    });
  }
}

export const failure = (
  type: FailureType,
  message: string,
  requestId: string | undefined,
  stack?: string,
): InvocationResult => ({
  ok: false,
  error: stack === undefined ? { type, message } : { type, message, stack },
  ...(requestId !== undefined && { requestId }),
});

const resultOf = (message: Extract<ContainerMessage, { kind: 'returned' | 'threw' }>): InvocationResult => {
  const { requestId } = message;
  if (message.kind === 'threw') return failure('Unhandled', message.message, requestId, message.stack);
  return {
    ok: true,
    payload: message.payloadJson === undefined ? null : JSON.parse(message.payloadJson),
    requestId,
  };
};
