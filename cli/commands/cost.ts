import { type Command, InvalidArgumentError } from 'commander';
import { estimateCost } from '../../lib/cost/estimate-cost.ts';
import { renderCost } from '../../lib/cost/render-cost.ts';
import type { WorkloadOptions } from '../../lib/cost/workload.ts';
import { type CommonOptions, withCommonOptions } from '../command-options.ts';
import { loadPipeline } from '../load-pipeline.ts';
import { printJson, printLine, type Terminal } from '../terminal.ts';

type CostOptions = CommonOptions & WorkloadOptions;

/** `millrace cost`: what it would cost on AWS. */
export const addCostCommand = (program: Command, terminal: Terminal): void => {
  const command = program
    .command('cost')
    .summary('estimate what a pipeline costs on AWS')
    .description(
      'Estimates dollars for a million events and for a month without any, by service and with the arithmetic. It reads ' +
        'the plan and list prices; it asks nobody.',
    )
    .argument('<file>', 'a file whose default export is a pipeline')
    .requiredOption('--events-per-second <n>', 'events that all sources take, on average', parseNumber)
    .requiredOption('--keys <n>', 'different keys of each keyed stream', parseNumber)
    .option('--event-bytes <n>', 'bytes of an event (default: 280)', parseNumber)
    .option('--key-bytes <n>', 'bytes of a key that do not compress away (default: 8)', parseNumber)
    .option('--row-bytes <n>', 'bytes of a row of a sink (default: 100)', parseNumber)
    .option('--shards <n>', "shards of each source's stream (default: as many as needed)", parseNumber)
    .option(
      '--repartition-shards <n>',
      'shards of each stream between stages (default: as many as needed)',
      parseNumber,
    )
    .option('--batch-seconds <n>', 'how long a mapping collects a batch (default: 1)', parseNumber)
    .option('--memory-megabytes <n>', 'memory of each function (default: 1024)', parseNumber)
    .option('--fan-out', 'read streams by enhanced fan-out')
    .action(async (file: string, { json, debug: _, ...workload }: CostOptions) => {
      const { plan } = await loadPipeline(file);
      const estimate = estimateCost(plan, workload);
      if (json === true) printJson(terminal, estimate);
      else printLine(terminal, renderCost(estimate));
    });
  withCommonOptions(command, 'print the estimate as JSON', [
    'millrace cost functions/revenue/pipeline.ts --events-per-second 1000 --keys 10000',
    'millrace cost pipeline.ts --events-per-second 50 --keys 500 --batch-seconds 5 --json',
  ]);
};

const parseNumber = (text: string): number => {
  const value = Number(text.replaceAll('_', ''));
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Use a number, such as 1000.');
};
