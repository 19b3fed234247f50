import type { Random } from '../../core/random.ts';

/**
 * The pause after the `failureCount`-th failure in a row: doubled each time, bounded, and of that a random part between
 * half and all, so that shards that failed together do not come back together.
 */
export const retryDelayMs = (failureCount: number, baseMs: number, maximumMs: number, random: Random): number => {
  const fullMs = Math.min(maximumMs, baseMs * 2 ** Math.min(failureCount - 1, 30));
  return Math.ceil(fullMs * (0.5 + random.fraction() / 2));
};
