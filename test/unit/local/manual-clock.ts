import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../../lib/core/clock.ts';

interface Sleeper {
  readonly untilMs: number;
  readonly wake: () => void;
}

/** Time that moves when a test says so; sleepers wake in order, each with its own instant as now. */
export class ManualClock implements Clock {
  #nowMs: number;
  #sleepers: Sleeper[] = [];

  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(durationMs: number): Promise<void> {
    return new Promise((wake) => this.#sleepers.push({ untilMs: this.#nowMs + durationMs, wake }));
  }

  async advance(durationMs: number): Promise<void> {
    const targetMs = this.#nowMs + durationMs;
    await turns();
    for (let next = this.#nextDue(targetMs); next !== undefined; next = this.#nextDue(targetMs)) {
      this.#sleepers.splice(this.#sleepers.indexOf(next), 1);
      this.#nowMs = Math.max(this.#nowMs, next.untilMs);
      next.wake();
      await turns();
    }
    this.#nowMs = targetMs;
  }

  /** Advances in steps until the promise settles. */
  async until<T>(promise: Promise<T>, stepMs = 100, mostSteps = 10_000): Promise<T> {
    let settled = false;
    const mark = () => {
      settled = true;
    };
    promise.then(mark, mark);
    for (let steps = 0; !settled && steps < mostSteps; steps++) await this.advance(stepMs);
    if (!settled) throw new Error(`not settled after ${mostSteps * stepMs} ms of manual time`);
    return promise;
  }

  #nextDue(targetMs: number): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (sleeper.untilMs <= targetMs && (first === undefined || sleeper.untilMs < first.untilMs)) first = sleeper;
    }
    return first;
  }
}

/** Lets everything that needs no time happen. */
export const turns = async (count = 8): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await nextTurn();
};
