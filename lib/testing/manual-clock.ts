import type { Clock } from '../core/clock.ts';

/**
 * Virtual time: it moves when told to. A sleep moves it too and ends at once, so no test waits and none can hang.
 *
 * @example
 * const clock = new ManualClock();
 * clock.advance(minutes(5));
 * clock.nowMs(); // 300_000
 */
export class ManualClock implements Clock {
  #nowMs: number;

  /** @param startMs epoch milliseconds. Default 0. */
  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  /** Moves time forward. Negative durations do nothing: this clock never goes back. */
  advance(durationMs: number): void {
    if (durationMs > 0) this.#nowMs += durationMs;
  }

  async sleep(durationMs: number): Promise<void> {
    this.advance(Math.ceil(durationMs));
  }
}
