import { MillraceError } from '../../errors/millrace-error.ts';

/** A retryable error is an answer to a fault, and a plan that is not the job's one to a deployment; any other is a defect. */
export const isRetryable = (error: unknown): boolean =>
  error instanceof MillraceError && (error.kind === 'retryable' || error.code === 'PLAN_MISMATCH');

export const describeError = (error: unknown): string => {
  if (error instanceof MillraceError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
};
