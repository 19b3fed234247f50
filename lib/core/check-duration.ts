import { definitionError } from '../errors/millrace-error.ts';
import { describeValue } from './describe-value.ts';
import type { Millis } from './duration.ts';

/**
 * A duration that a user gave: a whole number of milliseconds, 0 or more.
 *
 * @param owner who asks, as the message begins: `tumbling`, `operator 'minute'`
 * @param name the option's path: `size`, `allowedLateness`
 * @throws `INVALID_DURATION` for anything else: negative, NaN, a fraction, past 2^53 − 1, not a number
 */
export const checkDuration = (owner: string, name: string, value: unknown): Millis => {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value as Millis;
  throw definitionError(
    'INVALID_DURATION',
    `${owner}: ${name} is ${describeValue(value)}; allowed is a whole number of milliseconds, 0 or more.`,
    'Make durations with milliseconds(), seconds(), minutes(), hours() or days() of a number that is not negative.',
    { owner, option: name, value: String(value), allowed: 'whole milliseconds, >= 0' },
  );
};
