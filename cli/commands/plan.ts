import type { Command } from 'commander';
import { renderPlan } from '../../lib/graph/render-plan.ts';
import { type CommonOptions, withCommonOptions } from '../command-options.ts';
import { loadPipeline } from '../load-pipeline.ts';
import { printJson, printLine, type Terminal } from '../terminal.ts';

/** `millrace plan`: what would be deployed. */
export const addPlanCommand = (program: Command, terminal: Terminal): void => {
  const command = program
    .command('plan')
    .summary('print the stages, hops and sinks of a pipeline')
    .description('Prints what a pipeline is deployed as: its stages, the hops between them, and what each sink holds.')
    .argument('<file>', 'a file whose default export is a pipeline')
    .action(async (file: string, options: CommonOptions) => {
      const { plan } = await loadPipeline(file);
      if (options.json === true) printJson(terminal, plan);
      else printLine(terminal, renderPlan(plan));
    });
  withCommonOptions(command, 'print the plan document', [
    'millrace plan functions/revenue/pipeline.ts',
    "millrace plan pipeline.ts --json | jq '.stages[].id'",
  ]);
};
