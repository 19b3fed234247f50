import { systemClock } from '../../core/clock.ts';
import { MillraceError } from '../../errors/millrace-error.ts';
import type { Pipeline } from '../../graph/pipeline.ts';
import { BoundedRun } from './bounded-run.ts';
import { checkInputs, type SourceInput } from './check-inputs.ts';
import { startEmbeddedEngine } from './embedded-engine.ts';
import { startMemoryEngine } from './memory-engine.ts';
import { OutputFolder } from './output-folder.ts';
import type { RunEngine } from './run-engine.ts';
import type { BoundedRunOptions, RunEngineName, RunSummary } from './run-options.ts';
import { openSinkFile, type SinkFile } from './sink-file.ts';
import { writeJsonl } from './write-jsonl.ts';

export type { BoundedRunOptions, RunEngineName, RunSummary } from './run-options.ts';

const engines: Readonly<Record<RunEngineName, () => Promise<RunEngine>>> = {
  memory: startMemoryEngine,
  embedded: startEmbeddedEngine,
};

const quarantineFile = '_quarantine.jsonl';
const maxShards = 100;

/**
 * Runs a pipeline over files, to their ends: the executor, state and commits are those of a deployed pipeline. When the
 * inputs have ended the watermark becomes +∞, so everything fires. Each sink's rows go to `SINK.jsonl`: appended rows as
 * they came, a table's rows sorted by key. What was rejected goes to `_quarantine.jsonl`, with the reason and the line.
 * Files appear only when the run has succeeded. On the memory engine equal inputs make equal files.
 *
 * @throws MillraceError `UNKNOWN_SOURCE`, `MISSING_INPUT`, `FILE_NOT_FOUND`, `FILE_NOT_JSONL`, `OUTPUT_NOT_WRITABLE`,
 *   `INVALID_ARGUMENT` (input); `TOO_MANY_REJECTED` (operator); `ENGINE_FAILED` (configuration)
 *
 * @example
 * const { sinks } = await runBounded(revenue, { inputs: { orders: 'orders.jsonl.gz' }, outputDir: 'out' });
 */
export const runBounded = async (pipeline: Pipeline, options: BoundedRunOptions): Promise<RunSummary> => {
  checkOptions(options);
  const inputs = await checkInputs(pipeline, options.inputs);
  const output = await OutputFolder.open(options.outputDir);
  const sinks = new Map<string, SinkFile>();
  let engine: RunEngine | undefined;
  try {
    for (const sink of pipeline.plan.sinks) {
      sinks.set(sink.id, await openSinkFile(sink, output.prepare(`${sink.id}.jsonl`)));
    }
    engine = await engines[options.engine ?? 'memory']();
    return await complete(pipeline, options, engine, inputs, sinks, output);
  } catch (error) {
    await Promise.allSettled([...sinks.values()].map((sink) => sink.close()));
    throw withRunFix(output.describe(error), options);
  } finally {
    await output.discard();
    await engine?.stop();
  }
};

const complete = async (
  pipeline: Pipeline,
  options: BoundedRunOptions,
  engine: RunEngine,
  inputs: readonly SourceInput[],
  sinks: ReadonlyMap<string, SinkFile>,
  output: OutputFolder,
): Promise<RunSummary> => {
  const startMs = systemClock.nowMs();
  const writers = new Map([...sinks].map(([id, { writer }]) => [id, writer]));
  const run = new BoundedRun(pipeline, engine, writers, inputs, options);
  await run.run();
  const rows: [string, { file: string; rows: number }][] = [];
  for (const [id, sink] of sinks) rows.push([id, { file: output.fileOf(`${id}.jsonl`), rows: await sink.finish() }]);
  const rejected = await run.quarantine();
  await writeJsonl(output.prepare(quarantineFile), rejected);
  await output.publish();
  const records = [...run.records.values()];
  return {
    pipeline: pipeline.name,
    engine: options.engine ?? 'memory',
    inputs: Object.fromEntries(
      inputs.map(({ source, file }) => [source.id, { file: file.name, records: run.records.get(source.id) ?? 0 }]),
    ),
    records: records.reduce((sum, count) => sum + count, 0),
    rejected: rejected.length,
    rejectedBy: countBy(rejected.map(({ code }) => code)),
    sinks: Object.fromEntries(rows),
    quarantine: output.fileOf(quarantineFile),
    durationMs: systemClock.nowMs() - startMs,
  };
};

const countBy = <T extends string>(values: readonly T[]): Partial<Record<T, number>> => {
  const counts: Partial<Record<T, number>> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
};

const checkOptions = ({ engine, maxRejectedFraction, shards }: BoundedRunOptions): void => {
  if (engine !== undefined && !Object.hasOwn(engines, engine)) {
    throw invalid(`The engine is '${engine}'.`, `Use ${Object.keys(engines).join(' or ')}.`);
  }
  if (maxRejectedFraction !== undefined && !(maxRejectedFraction >= 0 && maxRejectedFraction <= 1)) {
    throw invalid(`The share of rejected records is ${maxRejectedFraction}.`, 'Use a fraction from 0 to 1.');
  }
  if (shards !== undefined && !(Number.isInteger(shards) && shards >= 1 && shards <= maxShards)) {
    throw invalid(`The number of shards is ${shards}.`, `Use a whole number from 1 to ${maxShards}.`);
  }
};

const invalid = (what: string, fix: string): MillraceError =>
  new MillraceError('input', 'INVALID_ARGUMENT', what, { fix });

/** What stops a shard until a deployment ends a bounded run, and is mended in another way. */
const withRunFix = (error: unknown, { maxRejectedFraction }: BoundedRunOptions): unknown => {
  if (!(error instanceof MillraceError) || error.code !== 'TOO_MANY_REJECTED') return error;
  // Stream and shard are the runner's own: their names say nothing to the reader.
  const message = error.message.replace(/ were rejected on \S+;/, ' were rejected;').replace(/\.?$/, '.');
  return new MillraceError(error.kind, error.code, `${message} Nothing was written.`, {
    fix:
      maxRejectedFraction === undefined
        ? 'Mend the input, its schema or the code. To let the run finish all the same and see every rejected record with its reason in _quarantine.jsonl, give --max-rejected 100%.'
        : 'Mend the input, its schema or the code, or raise --max-rejected.',
    fields: error.fields,
    cause: error.cause,
  });
};
