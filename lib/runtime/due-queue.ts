import type { Timer } from '../state/partition-timers.ts';
import { TimeHeap } from '../state/time-heap.ts';

/** Due timers in the order of time, those included that are due again while others are fired. */
export class DueQueue {
  readonly #due: readonly Timer[];
  readonly #again = new TimeHeap<Timer>();
  #next = 0;

  /** @param due ascending */
  constructor(due: readonly Timer[]) {
    this.#due = due;
  }

  add(timer: Timer): void {
    this.#again.push(timer.timeMs, timer);
  }

  take(): Timer | undefined {
    const due = this.#due[this.#next];
    const againMs = this.#again.firstMs;
    if (due === undefined || (againMs !== undefined && againMs < due.timeMs)) return this.#again.pop();
    this.#next++;
    return due;
  }
}
