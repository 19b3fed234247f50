import { Deadline } from '../../lib/runtime/deadline.ts';
import type { RuntimePorts } from '../../lib/runtime/ports.ts';
import type { StageRuntime } from '../../lib/runtime/stage-runtime.ts';
import { type Faults, never, type PortCall } from './faulty-ports.ts';

/** How an invocation ended, as far as the mapping can see: one that it gave up waiting for counts as killed. */
export type Ending =
  | { readonly kind: 'done'; readonly next: string | undefined }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'killed' };

/** Whether a process lives. Once it is dead nothing of it reaches the world, except a write already on its way. */
export class Life implements Faults {
  #dead = false;
  #leaveLate: ((effect: () => Promise<unknown>) => void) | undefined;
  #die: () => void = () => undefined;
  readonly died: Promise<void> = new Promise((resolve) => {
    this.#die = resolve;
  });

  get isDead(): boolean {
    return this.#dead;
  }

  kill(): void {
    this.#dead = true;
    this.#die();
  }

  /** The mapping gives up waiting, but the process lives on: a zombie. */
  abandon(): void {
    this.#die();
  }

  /** The next write is already on its way when the process dies: `leaveLate` gets it, to let it land when it likes. */
  killAtNextWrite(leaveLate: (effect: () => Promise<unknown>) => void): void {
    this.#leaveLate = leaveLate;
  }

  around<T>(call: PortCall, effect: () => Promise<T>): Promise<T> {
    if (this.#dead) return never();
    if (this.#leaveLate === undefined || !call.writes) return effect();
    this.#leaveLate(effect);
    this.kill();
    return never();
  }
}

/** A warm process that runs one stage. */
export class Container {
  readonly stage: string;
  readonly runtime: StageRuntime;
  readonly life: Life;
  readonly #ports: RuntimePorts;
  busy = false;
  /** The end of the last invocation, whatever the mapping made of it. A dead process never gets there. */
  settled: Promise<unknown> = Promise.resolve();

  constructor(stage: string, runtime: StageRuntime, life: Life, ports: RuntimePorts) {
    this.stage = stage;
    this.runtime = runtime;
    this.life = life;
    this.#ports = ports;
  }

  async run(work: (runtime: StageRuntime, deadline: Deadline) => Promise<string | undefined>): Promise<Ending> {
    this.busy = true;
    const finished = work(this.runtime, Deadline.in(this.#ports.clock, 60_000)).then(
      (next): Ending => ({ kind: 'done', next }),
      (error: unknown): Ending => ({ kind: 'failed', error }),
    );
    this.settled = finished.then(() => {
      this.busy = false;
    });
    return Promise.race([finished, this.life.died.then((): Ending => ({ kind: 'killed' }))]);
  }
}
