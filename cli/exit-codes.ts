import type { ErrorKind } from '../lib/errors/millrace-error.ts';

/** What a script can rely on. Documented in docs/cli.md. */
export const exitCodes = {
  ok: 0,
  /** The command did its work, and the answer is no: the run failed, or `--check` found something. */
  failed: 1,
  /** Arguments, files or the pipeline given are wrong. */
  usage: 2,
  /** Something outside is missing or does not answer: an engine, an endpoint, a table, a permission. */
  environment: 3,
  /** Ended by Ctrl-C, as shells count it. */
  interrupted: 130,
} as const;

const byKind: Readonly<Record<ErrorKind, number>> = {
  definition: exitCodes.usage,
  input: exitCodes.usage,
  configuration: exitCodes.environment,
  retryable: exitCodes.environment,
  operator: exitCodes.failed,
  corrupt: exitCodes.failed,
};

export const exitCodeOf = (kind: ErrorKind): number => byKind[kind];
