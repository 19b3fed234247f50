import { CommanderError } from 'commander';
import type { ErrorKind } from '../lib/errors/millrace-error.ts';
import { exitCodeOf, exitCodes } from './exit-codes.ts';
import { Interrupted } from './interrupted.ts';
import type { Terminal } from './terminal.ts';

export interface ErrorStyle {
  readonly json: boolean;
  /** With the stack, and those of the causes. */
  readonly debug: boolean;
}

interface Report {
  readonly code: string;
  readonly message: string;
  readonly fix: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly exitCode: number;
}

/**
 * Tells what went wrong on the error output: code, message, and what to do about it.
 * @returns the exit code
 */
export const printError = (terminal: Terminal, error: unknown, style: ErrorStyle): number => {
  if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok;
  // A command without its subcommand has printed its help already.
  if (error instanceof CommanderError && error.code === 'commander.help') return exitCodes.usage;
  if (error instanceof Interrupted) {
    terminal.err.write('interrupted: nothing was written\n');
    return exitCodes.interrupted;
  }
  const report = reportOf(error);
  terminal.err.write(style.json ? asJson(report) : asText(report));
  if (style.debug) terminal.err.write(`${stacksOf(error)}\n`);
  return report.exitCode;
};

const asText = ({ code, message, fix }: Report): string =>
  `error ${code}: ${message}\n${fix === undefined ? '' : `fix: ${fix}\n`}`;

const asJson = ({ code, message, fix, fields }: Report): string =>
  `${JSON.stringify({ error: { ...fields, code, message, fix } })}\n`;

const reportOf = (error: unknown): Report => {
  if (error instanceof CommanderError) return usageReport(error);
  if (isMillraceError(error)) {
    const { code, message, fix, fields, kind } = error;
    return { code, message, fix, fields, exitCode: exitCodeOf(kind) };
  }
  return {
    code: 'UNEXPECTED',
    message: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    fix: 'This is likely a bug in Millrace: --debug shows where. Please report it with the stack.',
    fields: {},
    exitCode: exitCodes.failed,
  };
};

/** What the argument parser says, in our form. It puts its suggestion on a line of its own. */
const usageReport = (error: CommanderError): Report => {
  const [message = '', ...suggestion] = error.message.replace(/^error: /, '').split('\n');
  const meant = /Did you mean (?:one of )?(.*)\?/.exec(suggestion.join(' '))?.[1];
  return {
    code: 'INVALID_ARGUMENT',
    message: `${message}.`.replace(/\.\.$/, '.'),
    fix: meant === undefined ? 'See --help for the arguments.' : `Did you mean ${meant}?`,
    fields: {},
    exitCode: exitCodes.usage,
  };
};

interface ErrorLike extends Error {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly fix: string | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** By its shape: a project may bring a copy of the library of its own. */
const isMillraceError = (error: unknown): error is ErrorLike =>
  error instanceof Error && error.name === 'MillraceError' && 'code' in error && 'kind' in error;

const stacksOf = (error: unknown): string => {
  const stacks: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) stacks.push(at.stack ?? String(at));
  return stacks.join('\ncaused by: ');
};
