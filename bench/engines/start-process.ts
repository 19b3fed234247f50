import { type ChildProcess, fork, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { TrialMessage } from './run-trial.ts';
import type { Measured, Trial } from './trial.ts';

const keptChars = 4_000;

/** Runs a trial in a Node process. What the script logs is written to nowhere, as Lambda writes it to where it costs the process nothing. */
export const runNodeProcess = async (script: string, trial: Trial, signal: AbortSignal): Promise<Measured> => {
  const child = fork(join(import.meta.dirname, script), [JSON.stringify(trial)], {
    execArgv: [],
    env: { PATH: process.env.PATH, AWS_EC2_METADATA_DISABLED: 'true' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    signal,
  });
  let answer: TrialMessage | undefined;
  child.on('message', (message) => {
    answer = message as TrialMessage;
  });
  const { code, errors } = await untilEnded(child);
  if (answer?.kind === 'measured') return answer.measured;
  throw new Error(answer?.why ?? `${script} ended with ${code}: ${errors}`);
};

/** Runs a program that prints what it measured as its last line. */
export const runProgramProcess = async (
  command: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<Measured> => {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], signal });
  const { code, errors, output } = await untilEnded(child);
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${errors}`);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Measured;
};

const untilEnded = async (child: ChildProcess) => {
  let output = '';
  let errors = '';
  child.stdout?.on('data', (text: Buffer) => {
    output = (output + text.toString()).slice(-keptChars);
  });
  child.stderr?.on('data', (text: Buffer) => {
    errors = (errors + text.toString()).slice(-keptChars);
  });
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject);
  child.once('close', resolve);
  return { code: await promise, output, errors };
};
