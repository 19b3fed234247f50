import { SeededRandom } from '../../lib/testing/seeded-random.ts';
import { Market } from './market-event.ts';

export interface EventOptions {
  readonly seed: number;
  readonly events: number;
  /** How far an event may arrive behind the newest one, event time, ms. Default 2,000. */
  readonly disorderMs?: number;
}

/** Event time of the first one: 2026-01-01T00:00:00Z. */
const firstMs = 1_767_225_600_000;
/** The benchmark's own rate: 10,000 a second of event time. */
const eventsPerMs = 10;

/**
 * Events of the NEXMark benchmark as lines of JSON, the same ones for the same seed: 92 % bids, 6 % auctions, 2 % persons, 276 bytes
 * on average. Each is held back for a random time, so that they are out of order as in a real stream.
 *
 * @see {@link https://datalab.cs.pdx.edu/niagara/NEXMark/} Tucker, Tufte, Papadimos, Maier: NEXMark, 2002
 * @see {@link https://github.com/nexmark/nexmark} whose proportions these are
 */
export function* generateEvents({ seed, events, disorderMs = 2_000 }: EventOptions): Generator<string> {
  const random = new SeededRandom(seed);
  const market = new Market(random);
  /** By the millisecond in which they arrive. */
  const waiting = new Map<number, string[]>();
  let arrivedMs = firstMs;
  function* arriveUntil(ms: number): Generator<string> {
    for (; arrivedMs < ms; arrivedMs++) {
      const lines = waiting.get(arrivedMs);
      if (lines === undefined) continue;
      waiting.delete(arrivedMs);
      yield* lines;
    }
  }
  for (let number = 0; number < events; number++) {
    const atMs = firstMs + Math.floor(number / eventsPerMs);
    yield* arriveUntil(atMs);
    const arrivesMs = atMs + Math.floor(random.fraction() * disorderMs);
    const line = JSON.stringify(market.event(number, atMs));
    const lines = waiting.get(arrivesMs);
    if (lines === undefined) waiting.set(arrivesMs, [line]);
    else lines.push(line);
  }
  yield* arriveUntil(firstMs + Math.ceil(events / eventsPerMs) + disorderMs);
}
