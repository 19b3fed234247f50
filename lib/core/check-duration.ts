import { definitionError } from '../errors/millrace-error.ts';
import { describeValue } from './describe-value.ts';
import type { Millis } from './duration.ts';

/** As long as centuries: added to any event time that there may be, it leaves a whole number that a double can hold. */
const MAX_DISTANCE_MS = 36_500 * 86_400_000;

/**
 * A distance in time that a user gave, forwards or, where it is negative, backwards: a whole number of milliseconds.
 *
 * @throws `INVALID_DURATION` for anything else, and past 36,500 days
 */
export const checkDistance = (owner: string, name: string, value: unknown): Millis => {
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= MAX_DISTANCE_MS)
    return value as Millis;
  throw definitionError(
    'INVALID_DURATION',
    `${owner}: ${name} is ${describeValue(value)}; allowed is a whole number of milliseconds, up to 36,500 days before or after.`,
    'Make durations with milliseconds(), seconds(), minutes(), hours() or days(); minutes(-5) is five minutes before.',
    { owner, option: name, value: String(value), allowed: 'whole milliseconds, 36,500 days at most' },
  );
};

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
