import { fork } from 'node:child_process';
import { addSummaries, emptySummary, type RunOptions, type Summary } from './run-seeds.ts';

/** Seeds given to a process at once. */
const RANGE = 50;
/** After so many failing seeds more of them tell nothing new. */
const MAX_FAILURES = 5;

/** Runs seeds in several processes, each of which asks for the next range when it is done with one. */
export const runInProcesses = async (
  { from, count, ...rest }: RunOptions,
  processes: number,
  onProgress: (sum: Summary) => void,
): Promise<Summary> => {
  let next = from;
  let sum = emptySummary;
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = fork(new URL('seed-worker.ts', import.meta.url));
      let isDone = false;
      const give = () => {
        const left = from + count - next;
        isDone = left <= 0 || sum.failures.length >= MAX_FAILURES;
        if (isDone) child.disconnect();
        else child.send({ ...rest, from: next, count: Math.min(RANGE, left) } satisfies RunOptions);
        next += RANGE;
      };
      child.on('message', (summary: Summary) => {
        sum = addSummaries(sum, summary);
        onProgress(sum);
        give();
      });
      child.on('error', reject);
      child.on('exit', (code) => (isDone ? resolve() : reject(new Error(`a simulating process ended with ${code}`))));
      give();
    });
  await Promise.all(Array.from({ length: processes }, work));
  return sum;
};
