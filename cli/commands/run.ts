import { type Command, Option } from 'commander';
import type { Pipeline } from '../../lib/graph/pipeline.ts';
import { type RunEngineName, type RunSummary, runBounded } from '../../lib/local/bounded-run/run-bounded.ts';
import { type CommonOptions, collect, withCommonOptions } from '../command-options.ts';
import { loadPipeline } from '../load-pipeline.ts';
import { parseInputs } from '../parse-inputs.ts';
import { parseShare } from '../parse-share.ts';
import { startProgress } from '../progress.ts';
import { renderRun } from '../render-run.ts';
import { printJson, printLine, type Terminal } from '../terminal.ts';

interface RunOptions extends CommonOptions {
  readonly input?: readonly string[];
  readonly output: string;
  readonly engine: RunEngineName;
  readonly maxRejected?: number;
}

/** `millrace run`: a pipeline over files. */
export const addRunCommand = (program: Command, terminal: Terminal): void => {
  const command = program
    .command('run')
    .summary('run a pipeline over files')
    .description(
      'Runs a pipeline over JSONL files, to their ends. Each sink is written to DIR/SINK.jsonl (a table as its rows, ' +
        'sorted by key), what was rejected to DIR/_quarantine.jsonl. Nothing is written unless the run succeeds.',
    )
    .argument('<file>', 'a file whose default export is a pipeline')
    .option(
      '-i, --input <source=file>',
      'what a source reads: JSONL, plain or gzip; - is standard input (once for each source)',
      collect,
    )
    .requiredOption('-o, --output <dir>', 'folder for the results; created if missing')
    .addOption(
      new Option('--engine <name>', 'where streams and state are: in memory, or in local Kinesis and DynamoDB engines')
        .choices(['memory', 'embedded'])
        .default('memory'),
    )
    .option(
      '--max-rejected <share>',
      'stop when more of the records are rejected (default: what the pipeline says, 5%)',
      parseShare,
    )
    .action((file: string, options: RunOptions) => run(file, options, terminal));
  withCommonOptions(command, 'print the summary as JSON', [
    'millrace run pipeline.ts --input orders=orders.jsonl.gz --output out',
    'zcat *.jsonl.gz | millrace run pipeline.ts --input orders=- --output out --max-rejected 100%',
    "millrace run pipeline.ts -i orders=orders.jsonl -i rates=rates.jsonl -o out --engine embedded --json | jq '.sinks'",
  ]);
};

const run = async (file: string, options: RunOptions, terminal: Terminal): Promise<void> => {
  const pipeline = await loadPipeline(file);
  const summary = await runWithProgress(pipeline, options, terminal);
  if (options.json === true) printJson(terminal, summary);
  else printLine(terminal, renderRun(summary));
};

const runWithProgress = async (pipeline: Pipeline, options: RunOptions, terminal: Terminal): Promise<RunSummary> => {
  const inputs = parseInputs(pipeline, options.input ?? []);
  const progress = startProgress(terminal, !Object.values(inputs).includes('-'));
  try {
    return await runBounded(pipeline, {
      inputs,
      outputDir: options.output,
      engine: options.engine,
      ...(options.maxRejected === undefined ? {} : { maxRejectedFraction: options.maxRejected }),
      onProgress: progress.show,
      signal: terminal.signal,
    });
  } finally {
    progress.stop();
  }
};
