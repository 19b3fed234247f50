import type { RejectionCode } from '../errors/codes.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import { verdictOf } from '../errors/user-errors.ts';

/**
 * Something a user's record or code did that makes this record impossible to process, here and on every retry. All
 * effects of the record are undone and it goes to quarantine; the shard goes on.
 */
export class RejectionError extends Error {
  override readonly name = 'RejectionError';
  readonly code: RejectionCode;
  readonly operator: string;
  /** Where in the value, as `a.b[0]`; empty for the whole. */
  readonly path: string;

  constructor(code: RejectionCode, operator: string, message: string, path = '', cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.operator = operator;
    this.path = path;
  }
}

/**
 * What to throw for what a user's function threw: a rejection by the operator that called it or, where the function asked
 * for a retry, the error that stops the batch.
 *
 * @param otherwise the code of errors that ask for nothing
 */
export const userCodeError = (
  operator: string,
  thrown: unknown,
  otherwise: Extract<RejectionCode, 'USER_CODE' | 'SCHEMA' | 'SINK_SCHEMA'> = 'USER_CODE',
): RejectionError | MillraceError => {
  const verdict = verdictOf(thrown);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (verdict === 'terminal') return new RejectionError('TERMINAL', operator, message, '', thrown);
  if (verdict === 'retryable') {
    return new MillraceError('retryable', 'USER_RETRYABLE', `Operator '${operator}' asks for a retry: ${message}`, {
      fix: 'Nothing if it passes: the batch is delivered again, and nothing after it. If it does not, mend what the operator waits for.',
      fields: { operator },
      cause: thrown,
    });
  }
  const named = otherwise === 'USER_CODE' && thrown instanceof Error ? `${thrown.name}: ${message}` : message;
  return new RejectionError(otherwise, operator, named, '', thrown);
};
