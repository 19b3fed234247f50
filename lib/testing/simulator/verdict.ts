import { describeError, isRetryable } from './endings.ts';
import type { Ending } from './process.ts';
import type { Reached } from './reached.ts';
import { judgeStop } from './stops.ts';
import type { World } from './world.ts';

/** What is thought of a run so far: what was wrong, and whether a shard has stopped as it must, so that the run is over. */
export class Verdict {
  readonly #world: World;
  readonly #reached: Reached;
  readonly #violations: string[] = [];
  #stopped = false;

  constructor(world: World, reached: Reached) {
    this.#world = world;
    this.#reached = reached;
  }

  get violations(): readonly string[] {
    return [...this.#world.monitor.violations, ...this.#violations];
  }

  /** Nothing more can be learned from this run. */
  get isOver(): boolean {
    return this.#stopped || this.#violations.length > 0 || this.#world.monitor.violations.length > 0;
  }

  add(violations: readonly string[]): void {
    this.#violations.push(...violations);
  }

  /** Takes how an invocation ended. A retryable error is an answer to a fault. */
  async take(stage: string, ending: Ending): Promise<void> {
    if (ending.kind !== 'failed' || isRetryable(ending.error)) return;
    const wrong = await judgeStop(this.#world, stage, ending);
    if (wrong === 'outdated') return;
    if (wrong === undefined) this.#violations.push(`${stage} failed: ${describeError(ending.error)}`);
    else if (wrong.length > 0) this.#violations.push(...wrong);
    else this.stop('stops at a gap');
  }

  /** A shard does not go on, and that is right: what it lacks cannot be had any more. */
  stop(why: string): void {
    if (!this.#stopped) this.#reached.count(why);
    this.#stopped = true;
  }
}
