import { type Command, InvalidArgumentError } from 'commander';
import { compareDesigns } from '../../lib/cost/compare-designs.ts';
import { estimateCost } from '../../lib/cost/estimate-cost.ts';
import { renderComparedDesigns } from '../../lib/cost/render-compared-designs.ts';
import { renderCost } from '../../lib/cost/render-cost.ts';
import type { ShardCount, WorkloadOptions } from '../../lib/cost/workload.ts';
import { type CommonOptions, withCommonOptions } from '../command-options.ts';
import { loadPipeline } from '../load-pipeline.ts';
import { printJson, printLine, type Terminal } from '../terminal.ts';

type CostOptions = CommonOptions & WorkloadOptions & { readonly compare?: boolean };

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
    .option(
      '--shards <n|on-demand>',
      "shards of each source's stream, provisioned (default: as many as needed)",
      parseShards,
    )
    .option('--repartition-shards <n|on-demand>', 'the same for each stream between stages', parseShards)
    .option('--batch-seconds <n>', 'how long a mapping collects a batch (default: 1)', parseNumber)
    .option('--memory-megabytes <n>', 'memory of each function (default: 1024)', parseNumber)
    .option('--fan-out', 'read streams by enhanced fan-out')
    .option('--compare', 'set what its state costs beside other designs of keeping aggregates in DynamoDB')
    .action(async (file: string, { json, debug: _, compare, ...workload }: CostOptions) => {
      const { plan } = await loadPipeline(file);
      const estimate = estimateCost(plan, workload);
      const designs = compare === true ? compareDesigns(plan, workload) : undefined;
      if (json === true) printJson(terminal, { ...estimate, ...(designs !== undefined && { designs }) });
      else printLine(terminal, designs === undefined ? renderCost(estimate) : renderComparedDesigns(estimate, designs));
    });
  withCommonOptions(command, 'print the estimate as JSON', [
    'millrace cost functions/revenue/pipeline.ts --events-per-second 1000 --keys 10000',
    'millrace cost pipeline.ts --events-per-second 50 --keys 500 --batch-seconds 5 --json',
    'millrace cost pipeline.ts --events-per-second 1000 --keys 10000 --compare',
  ]);
};

const parseNumber = (text: string): number => {
  const value = Number(text.replaceAll('_', ''));
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Use a number, such as 1000.');
};

const parseShards = (text: string): ShardCount => (text === 'on-demand' ? text : parseNumber(text));
