import { MillraceError } from 'millrace';
import type { ParsedArguments } from './parse-whole.ts';

/** Beside what a program answers itself. */
const exitCodes = { wrongArguments: 2, somethingMissing: 3, interrupted: 130 } as const;

/**
 * The frame of a program: usage, wrong arguments, and our own errors in two lines, what is wrong and what to do. Sets the exit code of
 * this process. Other errors are thrown as they are.
 *
 * @param run returns the exit code
 */
export const runProgram = async <Options>(
  usage: string,
  parsed: ParsedArguments<Options>,
  run: (options: Options) => Promise<number>,
): Promise<void> => {
  if (parsed.kind === 'help') {
    process.stdout.write(usage);
    return;
  }
  if (parsed.kind === 'wrong') {
    process.stderr.write(`${parsed.problem}\n--help shows what there is.\n`);
    process.exitCode = exitCodes.wrongArguments;
    return;
  }
  try {
    process.exitCode = await run(parsed.options);
  } catch (error) {
    if (error instanceof MillraceError) {
      const { code, message, fix } = error;
      process.stderr.write(`error ${code}: ${message}\n${fix === undefined ? '' : `fix: ${fix}\n`}`);
      process.exitCode = exitCodes.somethingMissing;
    } else if ((error as Error).name === 'AbortError') process.exitCode = exitCodes.interrupted;
    else throw error;
  }
};
