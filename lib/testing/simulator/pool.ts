import type { Random } from '../../core/random.ts';
import type { Process } from './process.ts';

/** How often an old version is looked at too. */
const OLD_SHARE = 0.1;

/** The containers of every stage, warm and cold. */
export class Pool {
  readonly #random: Random;
  readonly #make: (stage: string) => Process;
  readonly #perStage: number;
  readonly #now: () => number;
  readonly #isRetired: (process: Process) => boolean;
  readonly #processes = new Map<string, Process[]>();
  #hired: readonly Process[] = [];

  /** @param isRetired whether a later version of the process's stage is deployed */
  constructor(
    random: Random,
    perStage: number,
    now: () => number,
    isRetired: (process: Process) => boolean,
    make: (stage: string) => Process,
  ) {
    this.#random = random;
    this.#perStage = perStage;
    this.#now = now;
    this.#isRetired = isRetired;
    this.#make = make;
  }

  get all(): readonly Process[] {
    return [...[...this.#processes.values()].flat(), ...this.#hired];
  }

  /** A process for one task, which no mapping has. */
  hire(stage: string): Process {
    const process = this.#make(stage);
    this.#hired = [...this.#hired.filter(({ isBusy, isDead }) => isBusy && !isDead), process];
    return process;
  }

  /** A process that is free: mostly a warm one, sometimes one that was never used. */
  pick(stage: string): Process | undefined {
    const alive = (this.#processes.get(stage) ?? []).filter(({ isDead }) => !isDead);
    const pool = alive.some(this.#isRetired) ? this.#inService(alive) : alive;
    const free = pool.filter(({ isBusy, frozenUntil }) => !isBusy && frozenUntil <= this.#now());
    if (free.length > 0 && (pool.length >= this.#perStage || this.#random.fraction() < 0.75))
      return free[Math.floor(this.#random.fraction() * free.length)];
    if (pool.length > this.#perStage + 1) return undefined;
    const fresh = this.#make(stage);
    this.#processes.set(stage, [...alive, fresh]);
    return fresh;
  }

  /** Where a version is deployed, traffic moves to it bit by bit. */
  #inService(alive: readonly Process[]): readonly Process[] {
    return this.#random.fraction() < OLD_SHARE ? alive : alive.filter((process) => !this.#isRetired(process));
  }
}
