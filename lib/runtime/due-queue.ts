import { TimeHeap, type Timer } from '../state/timer-heap.ts';

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
    this.#again.push(timer);
  }

  take(): Timer | undefined {
    const [due, again] = [this.#due[this.#next], this.#again.peek()];
    if (due === undefined || (again !== undefined && again.timeMs < due.timeMs)) return this.#again.pop();
    this.#next++;
    return due;
  }
}
