import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Summary } from '../reference/run-seeds.ts';
import { makeMutant } from './mutant.ts';
import type { Mutation } from './mutation.ts';
import { mutations } from './mutations.ts';

/** What became of one deliberate bug. */
export interface MutationOutcome {
  readonly mutation: string;
  /** `survived`: nothing noticed. `hung`: a seed, or the test, did not come to its end. `broken`: the copy could not run. */
  readonly outcome: 'caught' | 'survived' | 'hung' | 'broken';
  readonly row: string;
  /** Seeds it took to notice, or all that were run. None where a test has to notice. */
  readonly seeds: number;
  readonly how: string;
}

export interface MutationOptions {
  readonly from: number;
  /** Seeds that a bug may go unnoticed for. */
  readonly seeds: number;
  readonly processes: number;
  /** Only bugs of such a name. */
  readonly only: RegExp;
  readonly onOutcome: (outcome: MutationOutcome) => void;
}

/** Without any bug the copy has to pass: else everything would count as caught. */
const control = { row: '', name: 'nothing (the copy as it is)', patches: [] };
const CONTROL_SEEDS = 100;

const TIME_LIMIT_MS = 10 * 60_000;

/** Runs every bug of the table until a seed notices it. */
export const runMutations = async (options: MutationOptions): Promise<readonly MutationOutcome[]> => {
  const { from, seeds, processes, only, onOutcome } = options;
  const outcomes: MutationOutcome[] = [];
  const waiting = mutations.filter(({ name }) => only.test(name));
  for (const test of new Set(waiting.map((mutation) => mutation.test))) {
    const unchanged = await runMutant({ ...control, test }, from, CONTROL_SEEDS);
    if (unchanged.outcome !== 'survived') return [{ ...unchanged, outcome: 'broken' }];
  }
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const outcome = await runMutant(next, from, seeds);
      outcomes.push(outcome);
      onOutcome(outcome);
    }
  };
  await Promise.all(Array.from({ length: processes }, work));
  return outcomes;
};

type Runnable = Omit<Mutation, 'row' | 'test'> & { readonly row: string; readonly test?: string | undefined };
type Finding = Pick<MutationOutcome, 'outcome' | 'seeds' | 'how'>;

const runMutant = async (mutation: Runnable, from: number, seeds: number): Promise<MutationOutcome> => {
  const { folder, remove } = makeMutant(mutation);
  const { name, row, test } = mutation;
  try {
    const finding = test === undefined ? await simulateIn(folder, from, seeds) : await testIn(folder, test);
    return { mutation: name, row, ...finding };
  } finally {
    remove();
  }
};

const simulateIn = async (folder: string, from: number, seeds: number): Promise<Finding> => {
  const options = ['--seed', String(from), '--seeds', String(seeds), '--processes', '1', '--first-failure', '--json'];
  const ended = await run(folder, [join(folder, 'test/simulation/simulate.ts'), ...options]);
  if (isBroken(ended) || ended.stdout === '') return brokenBy(ended);
  const summary = JSON.parse(ended.stdout) as Summary;
  const [failure] = summary.failures;
  return failure === undefined
    ? { outcome: 'survived', seeds: summary.seeds, how: '' }
    : { outcome: 'caught', seeds: summary.seeds, how: `seed ${failure.seed}: ${failure.violations[0]}` };
};

/** What of vitest's report is looked at. */
interface TestReport {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

const testIn = async (folder: string, test: string): Promise<Finding> => {
  const vitest = join(folder, 'node_modules/vitest/vitest.mjs');
  const file = join(folder, 'report.json');
  // Tests print, so their report is not among that.
  const ended = await run(folder, [vitest, 'run', test, '--reporter=json', '--outputFile', file]);
  if (isBroken(ended) || !existsSync(file)) return brokenBy(ended);
  const report = JSON.parse(readFileSync(file, 'utf8')) as TestReport;
  const failed = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .find(({ status }) => status === 'failed');
  if (failed !== undefined) return { outcome: 'caught', seeds: 0, how: `${test}: ${failed.fullName}` };
  // A file that cannot be read has no tests that fail.
  return report.numPassedTests > 0 && ended.code === 0 ? { outcome: 'survived', seeds: 0, how: test } : brokenBy(ended);
};

const isBroken = ({ code, timedOut }: Ended): boolean => timedOut || (code !== 0 && code !== 1);

const brokenBy = ({ stderr, timedOut }: Ended): Finding =>
  timedOut
    ? { outcome: 'hung', seeds: 0, how: `no end after ${TIME_LIMIT_MS / 60_000} minutes` }
    : { outcome: 'broken', seeds: 0, how: stderr.trim().split('\n').slice(0, 5).join(' ') };

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

const run = (folder: string, args: readonly string[]): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr, timedOut] = ['', '', false];
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, TIME_LIMIT_MS);
    child.stdout.on('data', (data) => {
      stdout += data;
    });
    child.stderr.on('data', (data) => {
      stderr += data;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr, timedOut });
    });
  });
