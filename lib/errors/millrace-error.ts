import type { ErrorCode } from './codes.ts';

/**
 * What the reader of an error has to do:
 * - `definition`: change the pipeline's code.
 * - `input`: change a command's arguments or the data given to it.
 * - `configuration`: change a setting, a permission or a resource.
 * - `retryable`: nothing; the same call may work later. The mapping delivers the batch again.
 * - `operator`: decide. The shard is blocked on purpose, because going on would lose or repeat something.
 * - `corrupt`: stop and restore. The stored state is not what the protocol can have written.
 */
export type ErrorKind = 'definition' | 'input' | 'configuration' | 'retryable' | 'operator' | 'corrupt';

export interface ErrorDetails {
  /** What to do about it, in one sentence. */
  readonly fix?: string;
  /** Structured facts: the value given, what is allowed, the operator id. Never a secret. */
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The one base of all errors that Millrace throws on purpose. The data come first, the text is made from them. */
export class MillraceError extends Error {
  override readonly name: string = 'MillraceError';
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly fix: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(kind: ErrorKind, code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.code = code;
    this.fix = details.fix;
    this.fields = details.fields ?? {};
  }

  get retryable(): boolean {
    return this.kind === 'retryable';
  }

  toJSON(): Record<string, unknown> {
    // Fields may be named like the error's own facts, which come last and stay.
    return { ...this.fields, code: this.code, kind: this.kind, message: this.message, fix: this.fix };
  }
}

/** An error of the pipeline's definition: thrown while `definePipeline` runs, before anything is deployed. */
export const definitionError = (code: ErrorCode, message: string, fix: string, fields: Record<string, unknown> = {}) =>
  new MillraceError('definition', code, message, { fix, fields });
