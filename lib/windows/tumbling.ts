import { checkDuration } from '../core/check-duration.ts';
import { checkOptions } from '../core/check-options.ts';
import type { Millis } from '../core/duration.ts';
import { checkLength, checkOffset } from './invalid-window.ts';
import type { AlignedWindows } from './window-assigner.ts';
import { type AlignedWindowOptions, alignedWindowOptionsShape } from './window-options.ts';

/**
 * Windows of one size, side by side: every record is in exactly one.
 *
 * @param size how long each window is
 * @throws `INVALID_WINDOW` for a size of 0 or an offset that is not below it, `INVALID_DURATION` for a duration that is
 * negative or not a whole number of milliseconds
 *
 * @example
 * tumbling(minutes(1))
 *
 * @example Days that begin at 16:00 UTC, midnight in Hangzhou
 * tumbling(days(1), { offset: hours(16) })
 */
export const tumbling = (size: Millis, options: AlignedWindowOptions = {}): AlignedWindows => {
  const { offset = 0 } = checkOptions('tumbling', alignedWindowOptionsShape, options);
  const sizeMs = checkDuration('tumbling', 'size', size);
  const offsetMs = checkDuration('tumbling', 'offset', offset);
  checkLength('tumbling', 'size', sizeMs);
  checkOffset('tumbling', offsetMs, sizeMs);
  return { kind: 'tumbling', sizeMs, slideMs: sizeMs, offsetMs, sliceMs: sizeMs };
};
