import type { Command } from 'commander';
import { systemClock } from '../../lib/core/clock.ts';
import { groupDigits } from '../../lib/core/text-table.ts';
import { MillraceError } from '../../lib/errors/millrace-error.ts';
import { Deadline } from '../../lib/runtime/deadline.ts';
import type { SkipSummary } from '../../lib/runtime/run-skip.ts';
import type { SkipScope } from '../../lib/runtime/skip.ts';
import { StageRepairs } from '../../lib/runtime/stage-repairs.ts';
import { type CommonOptions, withCommonOptions } from '../command-options.ts';
import { type DeployedOptions, DeployedPipeline, withDeployment } from '../deployed-pipeline.ts';
import { printJson, printLine, type Terminal } from '../terminal.ts';

interface SkipOptions extends CommonOptions, DeployedOptions {
  readonly stage: string;
  readonly shard: string;
  readonly reason: string;
  readonly expired?: boolean;
  readonly until?: string;
  readonly through?: string;
  readonly by?: string;
  readonly yes?: boolean;
}

const TIME_MS = 15 * 60_000;

/** `millrace skip`: a decision to go on without records. */
export const addSkipCommand = (program: Command, terminal: Terminal): void => {
  const command = withDeployment(
    program
      .command('skip')
      .summary('go on without records that block a shard')
      .description(
        'Records a decision to go on without records of a shard that waits (GAP, or a record that never passes). What the stream still has of them goes to quarantine, from where it can be redriven. Without --yes it only shows what would be given up.',
      )
      .argument('<file>', 'the pipeline: a TypeScript or JavaScript file')
      .requiredOption('--stage <id>', 'the stage that waits; `millrace plan` lists them')
      .requiredOption('--shard <id>', 'the shard of its stream')
      .requiredOption('--reason <text>', 'why; it is kept with the decision')
      .option('--expired', 'give up what the stream does not have any more')
      .option('--until <sequence>', 'give up the records before this one')
      .option('--through <sequence>', 'give up the records up to this one, and it')
      .option('--by <name>', 'who decides (default: USER)')
      .option('--yes', 'do it'),
  ).action((file: string, options: SkipOptions) => skipRecords(file, options, terminal));
  withCommonOptions(command, 'print what is given up as JSON', [
    "millrace skip pipeline.ts --stage orders --shard shardId-000000000002 --expired --reason 'outage of 3 May' --deployment prod.json --allow-aws",
    'millrace skip pipeline.ts --stage orders --shard shardId-000000000002 --through 4957…8 --reason poison --yes',
  ]);
};

const skipRecords = async (file: string, options: SkipOptions, terminal: Terminal): Promise<void> => {
  const scope = scopeOf(options);
  const reason = options.reason.trim();
  if (reason === '')
    throw usage('The reason is empty; it is kept with the decision.', "Say why, as in --reason 'outage of 3 May'.");
  const summary = await DeployedPipeline.use(file, options, terminal, (deployed) => {
    requireStage(deployed, options.stage);
    const { runtime } = deployed.stage(options.stage);
    const request = { scope, reason, by: options.by ?? terminal.env.USER ?? 'unknown', nowMs: systemClock.nowMs() };
    const deadline = Deadline.in(systemClock, TIME_MS);
    return new StageRepairs(runtime.repaired).skipRecords(
      options.shard,
      request,
      deadline,
      options.yes === true ? 'commit' : 'preview',
    );
  });
  if (options.json === true) printJson(terminal, { ...summary, skipped: options.yes === true });
  else for (const line of render(summary, options)) printLine(terminal, line);
};

/** @throws MillraceError `INVALID_ARGUMENT` unless exactly one is given */
const scopeOf = ({ expired, until, through }: SkipOptions): SkipScope => {
  const scopes: SkipScope[] = [
    ...(expired === true ? [{ kind: 'expired' } as const] : []),
    ...(until === undefined ? [] : [{ kind: 'until', sequenceNumber: sequenceNumber('--until', until) } as const]),
    ...(through === undefined
      ? []
      : [{ kind: 'through', sequenceNumber: sequenceNumber('--through', through) } as const]),
  ];
  const [scope, ...others] = scopes;
  if (scope !== undefined && others.length === 0) return scope;
  throw usage(
    scope === undefined ? 'It is not said what to give up.' : 'More than one thing to give up is named.',
    'Give one of --expired, --until SEQUENCE and --through SEQUENCE.',
  );
};

const sequenceNumber = (option: string, text: string): string => {
  if (/^\d+$/.test(text)) return text;
  throw usage(
    `${option} is '${text}', which is no sequence number.`,
    'Copy it from the error that the shard stops with.',
  );
};

const requireStage = ({ pipeline }: DeployedPipeline, stage: string): void => {
  const stages = pipeline.plan.stages.map(({ id }) => id);
  if (stages.includes(stage)) return;
  throw usage(`Pipeline '${pipeline.name}' has no stage '${stage}'.`, `Give one of: ${stages.join(', ')}.`);
};

const render = (summary: SkipSummary, { stage, shard, yes, reason }: SkipOptions): string[] => {
  const { after, recordCount, first, last, expired, complete } = summary;
  const count = `${complete ? '' : 'at least '}${groupDigits(recordCount)} ${recordCount === 1 ? 'record' : 'records'}`;
  const when = (ms: number | undefined) => (ms === undefined ? '' : new Date(ms).toISOString());
  const did = yes === true ? 'given up' : 'would be given up';
  return [
    `${stage} · ${shard}, after ${after ?? 'the beginning'}`,
    ...(expired ? [`  whatever has expired unread ${did}; nobody knows how much that was`] : []),
    ...(recordCount === 0
      ? []
      : [
          `  ${count} ${did}, to quarantine:`,
          `    from ${first?.sequenceNumber} (${when(first?.arrivalMs)})`,
          `    to   ${last?.sequenceNumber} (${when(last?.arrivalMs)})`,
        ]),
    yes === true
      ? `recorded in ${summary.commits} ${summary.commits === 1 ? 'commit' : 'commits'}: ${reason}`
      : 'nothing is skipped yet: give --yes to do it',
  ];
};

const usage = (message: string, fix: string): MillraceError =>
  new MillraceError('input', 'INVALID_ARGUMENT', message, { fix });
