import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Summary } from '../reference/run-seeds.ts';
import { makeMutant } from './mutant.ts';
import type { Mutation } from './mutation.ts';
import { mutations } from './mutations.ts';

/** What became of one deliberate bug. */
export interface MutationOutcome {
  readonly mutation: string;
  /** `survived`: no seed noticed. `hung`: a seed did not come to its end. `broken`: the copy could not run. */
  readonly outcome: 'caught' | 'survived' | 'hung' | 'broken';
  /** Seeds it took to notice, or all that were run. */
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
const control: Mutation = { name: 'nothing (the copy as it is)', patches: [] };
const CONTROL_SEEDS = 100;

const TIME_LIMIT_MS = 10 * 60_000;

/** Runs every bug of the table until a seed notices it. */
export const runMutations = async (options: MutationOptions): Promise<readonly MutationOutcome[]> => {
  const { from, seeds, processes, only, onOutcome } = options;
  const outcomes: MutationOutcome[] = [];
  const unchanged = await runMutant(control, from, CONTROL_SEEDS);
  if (unchanged.outcome !== 'survived') return [{ ...unchanged, outcome: 'broken' }];
  const waiting = mutations.filter(({ name }) => only.test(name));
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

const runMutant = async (mutation: Mutation, from: number, seeds: number): Promise<MutationOutcome> => {
  const { folder, remove } = makeMutant(mutation);
  try {
    const { code, stdout, stderr, timedOut } = await run(folder, from, seeds);
    const outcome = (kind: MutationOutcome['outcome'], ran: number, how: string): MutationOutcome => ({
      mutation: mutation.name,
      outcome: kind,
      seeds: ran,
      how,
    });
    if (timedOut) return outcome('hung', 0, `no end after ${TIME_LIMIT_MS / 60_000} minutes`);
    if (code !== 0 && code !== 1) return outcome('broken', 0, stderr.trim().split('\n').slice(0, 5).join(' '));
    if (stdout === '') return outcome('broken', 0, stderr.trim().split('\n').slice(0, 5).join(' '));
    const summary = JSON.parse(stdout) as Summary;
    const [failure] = summary.failures;
    return failure === undefined
      ? outcome('survived', summary.seeds, '')
      : outcome('caught', summary.seeds, `seed ${failure.seed}: ${failure.violations[0]}`);
  } finally {
    remove();
  }
};

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

const run = (folder: string, from: number, seeds: number): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const script = join(folder, 'test/simulation/simulate.ts');
    const options = ['--seed', String(from), '--seeds', String(seeds), '--processes', '1', '--first-failure', '--json'];
    const child = spawn(process.execPath, [script, ...options], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
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
