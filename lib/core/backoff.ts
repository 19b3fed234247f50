import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

const firstDelayMs = 40;
const longestDelayMs = 2_000;

/** How often a part that was turned away is offered again before the caller is told. */
export const maxRetries = 7;

/** Waits before retry number `retry` (from 0): exponential with full jitter, so that writers that collided part. */
export const backOff = (retry: number, clock: Clock, random: Random): Promise<void> =>
  clock.sleep(random.fraction() * Math.min(longestDelayMs, firstDelayMs * 2 ** retry));
