import type { Clock } from '../../core/clock.ts';

/** A clock's sleep cannot be cancelled: shorter ones bound how long a timer outlives a wake-up. */
const sliceMs = 250;

/** How one loop waits: for a time, or until somebody wakes it. A wake-up while it does not wait counts for its next wait. */
export class Pauser {
  readonly #clock: Clock;
  #woken = false;
  #wakeSleeper: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wake(): void {
    this.#woken = true;
    this.#wakeSleeper?.();
  }

  /** Until woken. */
  async wait(): Promise<void> {
    if (!this.#woken) await this.#untilWoken();
    this.#woken = false;
  }

  /** For `durationMs`, or less when woken. */
  async sleep(durationMs: number): Promise<void> {
    const untilMs = this.#clock.nowMs() + durationMs;
    const woken = this.#woken ? undefined : this.#untilWoken();
    for (let leftMs = durationMs; leftMs > 0 && !this.#woken; leftMs = untilMs - this.#clock.nowMs()) {
      await Promise.race([woken, this.#clock.sleep(Math.min(leftMs, sliceMs))]);
    }
    this.#woken = false;
    this.#wakeSleeper = undefined;
  }

  #untilWoken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakeSleeper = resolve;
    });
  }
}
