import type { Command } from 'commander';
import { type CommonOptions, withCommonOptions } from '../command-options.ts';
import { createProject } from '../create-project.ts';
import { printJson, printLine, type Terminal } from '../terminal.ts';

/** `millrace init`: a new project. */
export const addInitCommand = (program: Command, terminal: Terminal): void => {
  const command = program
    .command('init')
    .summary('make a new project with a pipeline and its test')
    .description(
      'Makes a small project that works: a pipeline, its test, some input to run it on, its handler and its stack.',
    )
    .argument('<dir>', 'a folder that is empty or does not exist yet')
    .action(async (dir: string, options: CommonOptions) => {
      const { name, files } = await createProject(dir);
      if (options.json === true) {
        printJson(terminal, { dir, name, files });
        return;
      }
      printLine(terminal, [`${name}: made ${files.length} files in ${dir}`, '', ...nextSteps(dir)].join('\n'));
    });
  withCommonOptions(command, 'print what was made as JSON', [
    'millrace init shop && cd shop && npm install && npm test',
  ]);
};

const nextSteps = (dir: string): string[] => [
  'Next:',
  ...(dir === '.' ? [] : [`  cd ${dir}`]),
  '  npm install',
  '  npm test            # the pipeline in the test driver',
  '  npm run sample      # the pipeline over orders.jsonl',
  '  npm run deploy      # its stack on AWS (npm run synth only shows it)',
];
