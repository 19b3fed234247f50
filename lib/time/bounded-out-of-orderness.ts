import * as z from 'zod';
import { checkDuration } from '../core/check-duration.ts';
import { checkOptions } from '../core/check-options.ts';
import type { Millis } from '../core/duration.ts';
import type { IdleShards, WatermarkStrategy } from './watermark-strategy.ts';

/** Options of {@link boundedOutOfOrderness}. */
export interface BoundedOutOfOrdernessOptions {
  /** What a shard without records does to the watermark. Default: it holds the watermark back until records come. */
  readonly idle?: IdleShards;
}

const optionsShape = z.strictObject({
  idle: z
    .strictObject({
      after: z.unknown(),
      action: z.enum(['advance', 'exclude'], { error: "expected 'advance' or 'exclude'" }),
    })
    .optional(),
});

/**
 * The watermark follows the newest event time of a shard at a distance: it says that nothing older than
 * `newest − bound` is still to come. A record that breaks the promise may be late.
 *
 * @param bound how far behind the newest record a record may arrive, in event time. 0 for records in order.
 * @throws `INVALID_DURATION` when a duration is negative or not a whole number of milliseconds, `INVALID_OPTION` for
 * options that it does not know
 *
 * @example
 * boundedOutOfOrderness(seconds(5))
 *
 * @example Shards that get no records follow the clock after a minute
 * boundedOutOfOrderness(seconds(5), { idle: { after: minutes(1), action: 'advance' } })
 */
export const boundedOutOfOrderness = (bound: Millis, options: BoundedOutOfOrdernessOptions = {}): WatermarkStrategy => {
  const owner = 'boundedOutOfOrderness';
  const { idle } = checkOptions(owner, optionsShape, options);
  return {
    kind: 'bounded-out-of-orderness',
    boundMs: checkDuration(owner, 'bound', bound),
    idle: idle && { after: checkDuration(owner, 'idle.after', idle.after), action: idle.action },
  };
};
