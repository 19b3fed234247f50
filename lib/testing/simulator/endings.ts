import { MillraceError } from '../../errors/millrace-error.ts';

/** A retryable error is an answer to a fault; any other one is a defect. */
export const isRetryable = (error: unknown): boolean => error instanceof MillraceError && error.kind === 'retryable';

export const describeError = (error: unknown): string => {
  if (error instanceof MillraceError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
};
