import { parseArgs } from 'node:util';
import { type MutationOutcome, runMutations } from './mutations/run-mutations.ts';
import { renderSummary } from './reference/render-summary.ts';
import { type RunOptions, runSeeds, type Summary } from './reference/run-seeds.ts';
import { runInProcesses } from './reference/seed-pool.ts';

/** `npm run simulate`: runs seeds over the reference pipelines. Exit code 1 where one fails, 2 for wrong options. */

const usage = `npm run simulate -- [options]
  --seeds N         how many seeds (1000; with --mutations 5000)
  --seed S          the first one (1); alone: only this one
  --processes P     processes side by side (2; 1 for few seeds)
  --mutations       breaks the protocol on purpose, a rule at a time: each has to be noticed within --seeds seeds, or by its test
  --only PATTERN    with --mutations: only those whose name matches
  --first-failure   stop at the first failing seed, without making it smaller
  --json            print the summary as JSON`;

const readOptions = () => {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string' },
      seed: { type: 'string' },
      processes: { type: 'string' },
      mutations: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      'first-failure': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const whole = (name: string, text: string | undefined, otherwise: number): number => {
    if (text === undefined) return otherwise;
    if (!/^\d+$/.test(text) || Number(text) < 1)
      throw new Error(`--${name} is '${text}'; a whole number from 1 on is needed`);
    return Number(text);
  };
  // The rarest of the deliberate bugs took 1,636 seeds to be met.
  const otherwise = values.mutations ? 5_000 : values.seed === undefined ? 1_000 : 1;
  const count = whole('seeds', values.seeds, otherwise);
  return {
    from: whole('seed', values.seed, 1),
    count,
    processes: whole('processes', values.processes, count < 100 ? 1 : 2),
    mutations: values.mutations,
    only: new RegExp(values.only),
    stopAtFailure: values['first-failure'],
    json: values.json,
  };
};

type Options = ReturnType<typeof readOptions>;

const progress = (total: number) => (sum: Summary) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${sum.seeds} of ${total} seeds, ${sum.failures.length} failed `);
};

const breakOnPurpose = async ({ from, count, processes, only, json }: Options): Promise<number> => {
  const print = ({ mutation, row, outcome, seeds: ran, how }: MutationOutcome) => {
    const by = ran === 0 ? (outcome === 'caught' ? 'by a test' : '') : `${String(ran).padStart(5)} seeds`.padEnd(11);
    const indent = ' '.repeat(23);
    process.stdout.write(
      `${outcome.padEnd(9)} ${by.padStart(11)}  ${mutation}\n${indent}${row}\n${indent}${how.slice(0, 160)}\n`,
    );
  };
  const outcomes = await runMutations({
    from,
    seeds: count,
    processes,
    only,
    onOutcome: json ? () => undefined : print,
  });
  const missed = outcomes.filter(({ outcome }) => outcome !== 'caught');
  if (json) process.stdout.write(`${JSON.stringify(outcomes)}\n`);
  else process.stdout.write(`${outcomes.length - missed.length} of ${outcomes.length} deliberate bugs were caught\n`);
  for (const { mutation, outcome, how } of json ? [] : missed) process.stdout.write(`${outcome}: ${mutation} ${how}\n`);
  return missed.length === 0 ? 0 : 1;
};

const main = async (): Promise<number> => {
  let options: Options;
  try {
    options = readOptions();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage}\n`);
    return 2;
  }
  const { from, count, processes, stopAtFailure, json } = options;
  if (options.mutations) return breakOnPurpose(options);
  const run: RunOptions = { from, count, stopAtFailure, ...(stopAtFailure ? { shrinkRuns: 0 } : {}) };
  const startMs = performance.now();
  const summary = processes === 1 ? await runSeeds(run) : await runInProcesses(run, processes, progress(count));
  const seconds = (performance.now() - startMs) / 1_000;
  if (process.stderr.isTTY) process.stderr.write('\n');
  process.stdout.write(json ? `${JSON.stringify({ ...summary, seconds })}\n` : `${renderSummary(summary, seconds)}\n`);
  return summary.failures.length === 0 ? 0 : 1;
};

process.exitCode = await main();
