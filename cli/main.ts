import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addCostCommand } from './commands/cost.ts';
import { addInitCommand } from './commands/init.ts';
import { addPlanCommand } from './commands/plan.ts';
import { addQuarantineCommand } from './commands/quarantine.ts';
import { addRedriveCommand } from './commands/redrive.ts';
import { addRunCommand } from './commands/run.ts';
import { addSkipCommand } from './commands/skip.ts';
import { addUpgradeCommand } from './commands/upgrade.ts';
import { Interrupted } from './interrupted.ts';
import { printError } from './print-error.ts';
import type { Terminal } from './terminal.ts';

const version = (): string =>
  (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;

/** Runs the command that the arguments name. @returns the exit code */
export const main = async (args: readonly string[]): Promise<number> => {
  const interrupt = new AbortController();
  // Once: a second Ctrl-C ends the process at once.
  process.once('SIGINT', () => interrupt.abort(new Interrupted()));
  // A reader such as `head` that has seen enough is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return runCommand(args, { out: process.stdout, err: process.stderr, env: process.env, signal: interrupt.signal });
};

/** The same with given surroundings, for tests. */
export const runCommand = async (args: readonly string[], terminal: Terminal): Promise<number> => {
  let exitCode = 0;
  const program = makeProgram(terminal, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    return printError(terminal, error, { json: args.includes('--json'), debug: args.includes('--debug') });
  }
};

/** @param finish told the exit code of a command that ended in good order, but not with 0 */
const makeProgram = (terminal: Terminal, finish: (exitCode: number) => void): Command => {
  const program = new Command('millrace')
    .description('Exactly-once stream processing for TypeScript on AWS.')
    .version(version())
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: (text) => terminal.err.write(text),
      // Printed with its code and fix, like every other error.
      outputError: () => undefined,
    })
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 wrong arguments or files, 3 something outside is missing.',
    );
  addRunCommand(program, terminal);
  addPlanCommand(program, terminal, finish);
  addCostCommand(program, terminal);
  addUpgradeCommand(program, terminal);
  addQuarantineCommand(program, terminal, finish);
  addRedriveCommand(program, terminal, finish);
  addSkipCommand(program, terminal);
  addInitCommand(program, terminal);
  return program;
};
