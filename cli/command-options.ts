import type { Command } from 'commander';

/** Every command has these. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly debug?: boolean;
}

/** Adds what every command has: machine-readable output, stacks, examples. */
export const withCommonOptions = (command: Command, json: string, examples: readonly string[]): Command =>
  command
    .option('--json', json)
    .option('--debug', 'show the stack of errors')
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}\n`);

/** For an option that may be given more than once. */
export const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];
