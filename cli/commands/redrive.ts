import type { Command } from 'commander';
import { readJob } from '../../lib/commit/job.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { MillraceError } from '../../lib/errors/millrace-error.ts';
import { Deadline } from '../../lib/runtime/deadline.ts';
import { listQuarantine, type QuarantinedRecord } from '../../lib/runtime/quarantine.ts';
import { addRedriven, nothingRedriven, type RedriveSummary } from '../../lib/runtime/run-redrive.ts';
import { StageRepairs } from '../../lib/runtime/stage-repairs.ts';
import { type CommonOptions, withCommonOptions } from '../command-options.ts';
import { type DeployedOptions, DeployedPipeline, withDeployment } from '../deployed-pipeline.ts';
import { exitCodes } from '../exit-codes.ts';
import { startCounter } from '../progress.ts';
import { describeQuarantined, renderQuarantined } from '../render-quarantined.ts';
import { isSelected, type Selection, withSelection } from '../select-quarantined.ts';
import { printJson, printLine, type Terminal } from '../terminal.ts';

interface RedriveOptions extends CommonOptions, DeployedOptions, Selection {
  readonly release?: boolean;
  readonly dryRun?: boolean;
}

/** For all records of one stage. */
const TIME_MS = 60 * 60_000;

/** `millrace redrive`: gives quarantined records another try. */
export const addRedriveCommand = (program: Command, terminal: Terminal, finish: (exitCode: number) => void): void => {
  const command = withSelection(
    withDeployment(
      program
        .command('redrive')
        .summary('give quarantined records another try')
        .description(
          'Processes quarantined records again, each once however often this is run, in order, and after them what waits behind them. Run it with the code that is deployed, once that is mended. Exit code 1: some were rejected again.',
        )
        .argument('<file>', 'the pipeline: a TypeScript or JavaScript file'),
    ),
  )
    .option('--release', 'leave them in quarantine, and only let the keys go on that wait for them')
    .option('--dry-run', 'only list what would be redriven, or what keys wait for that would be released')
    .action(async (file: string, options: RedriveOptions) => {
      const { rejected } = await redrive(file, options, terminal);
      if (rejected > 0) finish(exitCodes.failed);
    });
  withCommonOptions(command, 'print the counts as JSON; with --dry-run an object for each record, one a line', [
    'millrace redrive pipeline.ts --deployment prod.json --allow-aws --dry-run',
    'millrace redrive pipeline.ts --stage by-province --code USER_CODE',
    "millrace redrive pipeline.ts --id 'revenue/1/orders/orders@1000/shardId-000000000000#17#0'",
  ]);
};

const redrive = (file: string, options: RedriveOptions, terminal: Terminal): Promise<RedriveSummary> =>
  DeployedPipeline.use(file, options, terminal, async (deployed) => {
    const { pipeline } = deployed;
    const releaseOnly = options.release === true;
    let total = nothingRedriven;
    let left = 0;
    const counter = startCounter(terminal, 'redriven');
    try {
      for (const { id } of pipeline.plan.stages) {
        if (options.stage !== undefined && options.stage !== id) continue;
        const { runtime, ports, incarnation } = deployed.stage(id);
        const repairs = new StageRepairs(runtime.repaired);
        const job = await readJob(ports.items, pipeline.name, incarnation);
        if (job === undefined) throw noJob(pipeline.name);
        const records: QuarantinedRecord[] = [];
        for await (const record of listQuarantine(ports, job)) {
          terminal.signal.throwIfAborted();
          if (record.stage !== id || !isSelected(record, options)) continue;
          if ((await repairs.redriveProblem(record, { releaseOnly })) !== undefined || isDangerous(record, options))
            left++;
          else records.push(record);
        }
        const deadline = Deadline.in(systemClock, TIME_MS);
        if (options.dryRun === true) {
          const meant = releaseOnly ? await repairs.waitedFor(records, deadline) : records;
          for (const record of meant) show(record, options, terminal);
          const count = { [releaseOnly ? 'released' : 'redriven']: meant.length };
          total = addRedriven(total, { ...nothingRedriven, ...count });
          continue;
        }
        const before = total;
        const done = await repairs.redrive(records, deadline, {
          releaseOnly,
          onStep: (step) => counter.show(addRedriven(before, step).redriven),
        });
        total = addRedriven(before, done);
      }
    } finally {
      counter.stop();
    }
    summarize(total, left, options, terminal);
    return total;
  });

/** A record that ended the process whenever it was computed would end this one too: only who names it means it. */
const isDangerous = ({ code }: QuarantinedRecord, options: RedriveOptions): boolean =>
  code === 'CRASH' && options.code !== 'CRASH' && options.id === undefined;

const show = (record: QuarantinedRecord, { json }: RedriveOptions, terminal: Terminal): void =>
  printLine(terminal, json === true ? JSON.stringify(describeQuarantined(record)) : renderQuarantined(record));

const summarize = (
  { redriven, rejected, released, known }: RedriveSummary,
  left: number,
  { json, dryRun, release }: RedriveOptions,
  terminal: Terminal,
): void => {
  if (json === true) {
    if (dryRun !== true) printJson(terminal, { redriven, rejected, released, known, left });
    return;
  }
  const would = dryRun === true ? ' would be' : '';
  const parts =
    release === true
      ? [`${released} ${released === 1 ? 'key' : 'keys'}${would} released`]
      : dryRun === true
        ? [`${redriven} would be redriven`]
        : [`${redriven} redriven`, `${rejected} rejected again`];
  if (known > 0) parts.push(`${known} redriven before`);
  if (left > 0) parts.push(`${left} cannot be, or only by name`);
  printLine(terminal, parts.join(', '));
};

const noJob = (pipeline: string): MillraceError =>
  new MillraceError('configuration', 'TABLE_SHAPE', `The state table holds no state of job '${pipeline}'.`, {
    fix: 'Give the deployment that runs this pipeline. A job that has never run has no state yet.',
  });
