import type { Random } from '../../core/random.ts';
import type { Process } from './process.ts';

/** The containers of every stage, warm and cold. */
export class Pool {
  readonly #random: Random;
  readonly #make: (stage: string) => Process;
  readonly #perStage: number;
  readonly #now: () => number;
  readonly #processes = new Map<string, Process[]>();

  constructor(random: Random, perStage: number, now: () => number, make: (stage: string) => Process) {
    this.#random = random;
    this.#perStage = perStage;
    this.#now = now;
    this.#make = make;
  }

  get all(): readonly Process[] {
    return [...this.#processes.values()].flat();
  }

  /** A process that is free: mostly a warm one, sometimes one that was never used. */
  pick(stage: string): Process | undefined {
    const pool = (this.#processes.get(stage) ?? []).filter(({ isDead }) => !isDead);
    const free = pool.filter(({ isBusy, frozenUntil }) => !isBusy && frozenUntil <= this.#now());
    if (free.length > 0 && (pool.length >= this.#perStage || this.#random.fraction() < 0.75))
      return free[Math.floor(this.#random.fraction() * free.length)];
    if (pool.length > this.#perStage + 1) return undefined;
    const fresh = this.#make(stage);
    this.#processes.set(stage, [...pool, fresh]);
    return fresh;
  }
}
