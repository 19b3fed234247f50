import type { Clock } from '../core/clock.ts';

/** How long an invocation may still work. Passing it costs a retry, never correctness. */
export class Deadline {
  readonly #clock: Clock;
  readonly #atMs: number;

  constructor(clock: Clock, atMs: number) {
    this.#clock = clock;
    this.#atMs = atMs;
  }

  static in(clock: Clock, durationMs: number): Deadline {
    return new Deadline(clock, clock.nowMs() + durationMs);
  }

  get remainingMs(): number {
    return this.#atMs - this.#clock.nowMs();
  }

  get passed(): boolean {
    return this.remainingMs <= 0;
  }
}
