import { checkDuration } from '../core/check-duration.ts';
import { checkOptions } from '../core/check-options.ts';
import type { Millis } from '../core/duration.ts';
import { checkLength, checkOffset, invalidWindow } from './invalid-window.ts';
import type { AlignedWindows } from './window-assigner.ts';
import { type AlignedWindowOptions, alignedWindowOptionsShape } from './window-options.ts';

/**
 * Windows of one size of which a new one starts every `slide`: a record is in about `size ÷ slide` of them. What is
 * computed before the repartition is kept once for each greatest common divisor of the two, so choose a slide
 * that divides the size where you can.
 *
 * @param size how long each window is
 * @param slide from one window's start to the next one's; at most the size, so that no record falls between
 * @throws `INVALID_WINDOW` for a size or slide of 0, a slide greater than the size or an offset that is not below the
 * slide; `INVALID_DURATION` for a duration that is negative or not a whole number of milliseconds
 *
 * @example The last ten minutes, every minute
 * sliding(minutes(10), minutes(1))
 */
export const sliding = (size: Millis, slide: Millis, options: AlignedWindowOptions = {}): AlignedWindows => {
  const { offset = 0 } = checkOptions('sliding', alignedWindowOptionsShape, options);
  const sizeMs = checkDuration('sliding', 'size', size);
  const slideMs = checkDuration('sliding', 'slide', slide);
  const offsetMs = checkDuration('sliding', 'offset', offset);
  checkLength('sliding', 'size', sizeMs);
  checkLength('sliding', 'slide', slideMs);
  if (slideMs > sizeMs) {
    throw invalidWindow(
      'sliding',
      `slide is ${slideMs} ms; allowed is 1 … ${sizeMs} ms, at most the size: records between two windows would be in none`,
      'Make the slide smaller or the size greater.',
      { option: 'slide', value: slideMs, allowed: `1 … ${sizeMs}` },
    );
  }
  checkOffset('sliding', offsetMs, slideMs);
  return { kind: 'sliding', sizeMs, slideMs, offsetMs, sliceMs: greatestCommonDivisor(sizeMs, slideMs) };
};

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));
