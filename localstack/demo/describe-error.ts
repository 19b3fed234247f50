import { MillraceError } from 'millrace';

/** An error for people: our own with code and fix, others with their stack. */
export const describeError = (error: unknown): string => {
  if (error instanceof MillraceError) {
    return `${error.code}: ${error.message}${error.fix === undefined ? '' : `\nFix: ${error.fix}`}`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
};
