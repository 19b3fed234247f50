import { writeFileSync } from 'node:fs';
import type { Row } from '../works/work.ts';
import type { Measured, Trial } from './trial.ts';

/** What a process answers. */
export type TrialMessage =
  | { readonly kind: 'measured'; readonly measured: Measured }
  | { readonly kind: 'failed'; readonly why: string };

/**
 * The frame of a process that runs one trial, which its first argument is, as JSON. Started by hand, for a profile, it writes what it
 * measured to its error output.
 */
export const runTrial = async <Options>(run: (trial: Trial<Options>) => Promise<Measured>): Promise<void> => {
  const trial = JSON.parse(process.argv[2] ?? '{}') as Trial<Options>;
  try {
    await tell({ kind: 'measured', measured: await run(trial) });
  } catch (error) {
    process.exitCode = 1;
    await tell({ kind: 'failed', why: error instanceof Error ? error.message : String(error) });
  }
  if (process.connected) process.disconnect();
};

const tell = async (message: TrialMessage): Promise<void> => {
  if (process.send === undefined) process.stderr.write(`${JSON.stringify(message)}\n`);
  else await new Promise<void>((sent) => process.send?.(message, undefined, undefined, () => sent()));
};

export const writeAnswer = (path: string, rows: readonly Row[]): void => {
  writeFileSync(path, rows.map((row) => `${row.join(',')}\n`).join(''));
};
