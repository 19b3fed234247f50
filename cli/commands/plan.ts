import type { Command } from 'commander';
import { comparePlans } from '../../lib/graph/compare-plans.ts';
import type { Plan } from '../../lib/graph/plan.ts';
import { renderComparison } from '../../lib/graph/render-comparison.ts';
import { renderPlan } from '../../lib/graph/render-plan.ts';
import { type CommonOptions, collect, withCommonOptions } from '../command-options.ts';
import { exitCodes } from '../exit-codes.ts';
import { loadPipeline } from '../load-pipeline.ts';
import { loadPlan } from '../load-plan.ts';
import { printJson, printLine, type Terminal } from '../terminal.ts';

interface PlanOptions extends CommonOptions {
  readonly against?: string;
  readonly drop?: readonly string[];
}

/** `millrace plan`: what would be deployed. */
export const addPlanCommand = (program: Command, terminal: Terminal, finish: (exitCode: number) => void): void => {
  const command = program
    .command('plan')
    .summary('print the stages, hops and sinks of a pipeline')
    .description(
      'Prints what a pipeline is deployed as: its stages, the hops between them, and what each sink holds. With ' +
        '--against: whether it can go on with the state of another version.',
    )
    .argument('<file>', 'a file whose default export is a pipeline')
    .option(
      '--against <plan.json>',
      'compare with the plan that runs, as plan --json printed it; exit with 1 if refused',
    )
    .option('--drop <id>', 'what may be given up of its state (once for each)', collect)
    .action(async (file: string, options: PlanOptions) => {
      const { plan } = await loadPipeline(file);
      if (options.against !== undefined) {
        if (!(await compare(await loadPlan(options.against), plan, options, terminal))) finish(exitCodes.failed);
      } else if (options.json === true) printJson(terminal, plan);
      else printLine(terminal, renderPlan(plan));
    });
  withCommonOptions(command, 'print the plan document, or the comparison', [
    'millrace plan functions/revenue/pipeline.ts',
    "millrace plan pipeline.ts --json | jq '.stages[].id'",
    'millrace plan pipeline.ts --json > deployed.json   # when it is deployed',
    'millrace plan pipeline.ts --against deployed.json  # before the next version is',
  ]);
};

const compare = async (before: Plan, after: Plan, options: PlanOptions, terminal: Terminal): Promise<boolean> => {
  const comparison = comparePlans(before, after, options.drop === undefined ? {} : { drop: options.drop });
  const { compatible, changes } = comparison;
  if (options.json === true) printJson(terminal, { compatible, before: before.hash, after: after.hash, changes });
  else printLine(terminal, renderComparison(comparison));
  return compatible;
};
