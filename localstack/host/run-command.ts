import { MillraceError } from 'millrace';
import type { CommandOptions } from './arguments.ts';
import { installParts } from './install.ts';
import { showInstallProgress } from './install-progress.ts';
import { answering, startedServices, stopRunning } from './running.ts';
import { engineFailed, lastLines, type RunningLocalStack, startLocalStack } from './start-localstack.ts';

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** @returns the exit code. @throws MillraceError as `startLocalStack` does */
export const runCommand = async (options: CommandOptions): Promise<number> => {
  switch (options.action) {
    case 'status':
      return showStatus(options.port);
    case 'stop':
      say((await stopRunning(options.port)) ? 'stopped' : `No LocalStack listens on port ${options.port}.`);
      return 0;
    case 'install':
    case 'start':
      return start(options);
  }
};

const showStatus = async (port: number): Promise<number> => {
  const version = await answering(port);
  if (version === undefined) {
    say(`No LocalStack listens on port ${port}.`);
    return 1;
  }
  say(`LocalStack ${version} listens on http://127.0.0.1:${port}`);
  say(`Services started so far: ${(await startedServices(port)).join(', ') || 'none'}`);
  return 0;
};

const start = async ({ action, port, debug }: CommandOptions): Promise<number> => {
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onInterrupt);
  const progress = showInstallProgress();
  const { signal } = interrupt;
  try {
    if (action === 'install') {
      await installParts(['python', 'runtime-client', 'dynamodb-local'], { signal, onPart: progress.onPart });
      say('Everything is installed.');
      return 0;
    }
    const onStart = () => say('Starting LocalStack …');
    const running = await startLocalStack({ port, debug, signal, onPart: progress.onPart, onStart });
    try {
      if (!signal.aborted) await serve(running, signal);
    } finally {
      await running.stop();
    }
    return 0;
  } catch (error) {
    if (signal.aborted && !(error instanceof MillraceError)) return 130;
    throw error;
  } finally {
    progress.stop();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onInterrupt);
  }
};

/** Until somebody stops it, here or elsewhere. @throws MillraceError `ENGINE_FAILED` (configuration) where it ends by itself */
const serve = async ({ endpoint, logFile, ended }: RunningLocalStack, signal: AbortSignal): Promise<void> => {
  introduce(endpoint, logFile);
  const interrupted = new Promise<'interrupted'>((resolve) => {
    signal.addEventListener('abort', () => resolve('interrupted'));
  });
  const end = await Promise.race([interrupted, ended]);
  if (end === 'interrupted') say('Stopping …');
  else if (end === 0) say('LocalStack was stopped.');
  else throw engineFailed('LocalStack has ended', await lastLines(logFile));
};

const introduce = (endpoint: string, logFile: string): void => {
  say(`LocalStack listens on ${endpoint}. In another terminal:

  export AWS_ENDPOINT_URL=${endpoint} AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test

Its log: ${logFile}
Ctrl-C stops it; what it holds is gone then.`);
};
