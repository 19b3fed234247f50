import type { StateStores } from '../../commit/blob-store.ts';
import type { Random } from '../../core/random.ts';
import type { Pipeline } from '../../graph/pipeline.ts';
import { Deadline } from '../../runtime/deadline.ts';
import type { PieceLimits } from '../../runtime/piece.ts';
import type { RuntimeObserver, RuntimePorts } from '../../runtime/ports.ts';
import { StageRuntime, type StageRuntimeOptions } from '../../runtime/stage-runtime.ts';
import { runMortal } from './crash.ts';
import { gatedBlobs, gatedClock, gatedItems, gatedStreams } from './gated-ports.ts';
import type { Gate } from './operation.ts';
import type { World } from './world.ts';

/** How an invocation ended, as far as the mapping can see. */
export type Ending =
  | { readonly kind: 'done'; readonly next: string | undefined }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'killed' };

export type LogSize = NonNullable<StageRuntimeOptions['log']>;

export interface ProcessOptions {
  readonly world: World;
  readonly pipeline: Pipeline;
  readonly name: string;
  readonly stage: string;
  readonly gate: Gate;
  readonly random: Random;
  readonly observer: RuntimeObserver;
  readonly limits: PieceLimits;
  readonly log: LogSize;
  /** Memory for state, bytes. */
  readonly cacheBytes: number | undefined;
  readonly watermarkStepMs: number;
  readonly skewMs: number;
  /** Told when a function that it runs ends it. */
  readonly onCrash: () => void;
  /** Whether new blobs go to the bucket, where there is one. */
  readonly usesBucket: boolean;
}

const INVOCATION_MS = 60_000;

/** A container: the real engine for one stage, with the gate between it and the world. It runs one invocation at a time. */
export class Process {
  readonly name: string;
  readonly stage: string;
  /** The version that it runs. */
  readonly pipeline: Pipeline;
  readonly runtime: StageRuntime;
  /** The state as it reaches it. */
  readonly stores: StateStores;
  /** A function that it runs ends it. */
  readonly crash: () => void;
  readonly #clock: RuntimePorts['clock'];
  #busy = false;
  #dead = false;
  #die: () => void = () => undefined;
  readonly #died: Promise<Ending>;
  /** Until this step of the schedule nothing of it moves. */
  frozenUntil = 0;
  /** Of this invocation so far. */
  calls = 0;

  constructor(options: ProcessOptions) {
    const { world, stage, gate, random, observer } = options;
    this.name = options.name;
    this.stage = stage;
    this.pipeline = options.pipeline;
    this.#clock = gatedClock(world.clock, options.skewMs, gate);
    this.crash = options.onCrash;
    this.stores = {
      items: gatedItems(world.items, gate),
      blobs: world.blobs && gatedBlobs(world.blobs, options.usesBucket, gate),
    };
    this.runtime = new StageRuntime({
      pipeline: this.pipeline,
      stage,
      ports: {
        ...this.stores,
        streams: gatedStreams(world.streams, gate),
        sinks: new Map([...world.sinks].map(([id, sink]) => [id, sink.open(gate, this.#clock, random)])),
        clock: this.#clock,
        random,
        observer,
      },
      resolveStream: (logical) => logical,
      limits: options.limits,
      log: options.log,
      ...(options.cacheBytes !== undefined && { cacheBytes: options.cacheBytes }),
      watermarkStepMs: options.watermarkStepMs,
    });
    this.#died = new Promise((resolve) => {
      this.#die = () => resolve({ kind: 'killed' });
    });
  }

  get isBusy(): boolean {
    return this.#busy;
  }

  get isDead(): boolean {
    return this.#dead;
  }

  /** Nothing of it reaches the world any more, except what it had sent. */
  kill(): void {
    this.#dead = true;
    this.#die();
  }

  run(work: (runtime: StageRuntime, deadline: Deadline) => Promise<string | undefined>): Promise<Ending> {
    this.#busy = true;
    this.calls = 0;
    const deadline = Deadline.in(this.#clock, INVOCATION_MS);
    const ending = runMortal(this, () => work(this.runtime, deadline)).then(
      (next): Ending => this.#end({ kind: 'done', next }),
      (error: unknown): Ending => this.#end({ kind: 'failed', error }),
    );
    return Promise.race([ending, this.#died]);
  }

  #end(ending: Ending): Ending {
    this.#busy = false;
    return ending;
  }
}
