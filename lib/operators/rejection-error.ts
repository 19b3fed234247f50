import type { RejectionCode } from '../errors/codes.ts';

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

/** What a user's function threw, as a rejection by the operator that called it. */
export const userCodeRejection = (operator: string, thrown: unknown): RejectionError =>
  new RejectionError(
    'USER_CODE',
    operator,
    thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown),
    '',
    thrown,
  );
