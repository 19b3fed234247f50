import { checkDuration } from '../core/check-duration.ts';
import type { Millis } from '../core/duration.ts';
import { checkLength } from './invalid-window.ts';
import type { SessionWindows } from './window-assigner.ts';

/**
 * Windows of activity: a session begins with a key's first record and ends `gap` after its last. Two records less than
 * the gap apart are in one session, records exactly the gap apart are in two.
 *
 * @param gap the silence that ends a session
 * @throws `INVALID_WINDOW` for a gap of 0, `INVALID_DURATION` for one that is negative or not a whole number of milliseconds
 *
 * @example
 * session(minutes(30))
 */
export const session = (gap: Millis): SessionWindows => {
  const gapMs = checkDuration('session', 'gap', gap);
  checkLength('session', 'gap', gapMs);
  return { kind: 'session', gapMs };
};
