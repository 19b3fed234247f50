import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { MillraceError } from '../../errors/millrace-error.ts';
import { type EngineMessage, enginePortVariable } from './engine-messages.ts';

export interface EngineProcess {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

export type EngineName = 'kinesis' | 'dynamo';

const startTimeoutMs = 20_000;
const stopTimeoutMs = 2_000;
const keptOutputChars = 4_000;

// Sources run as they are in a checkout, and as compiled files from the package.
const childFile = (name: EngineName): string =>
  fileURLToPath(new URL(`./${name}-child${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));

/**
 * Starts one engine and waits until it listens.
 * @throws MillraceError `PORT_IN_USE` or `ENGINE_FAILED` (configuration)
 */
export const startEngineProcess = async (name: EngineName, port: number): Promise<EngineProcess> => {
  const child = fork(childFile(name), [], {
    execArgv: [],
    env: { ...process.env, NODE_OPTIONS: '', [enginePortVariable]: String(port) },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const output = keepOutput(child);
  try {
    const listeningPort = await untilListening(child, name, port, output);
    // From here on the engines do not keep their parent running: without stop() they end with it.
    child.unref();
    child.channel?.unref();
    for (const stream of [child.stdout, child.stderr]) (stream as unknown as { unref(): void } | null)?.unref();
    return { port: listeningPort, pid: child.pid as number, stop: () => stopChild(child) };
  } catch (error) {
    await stopChild(child);
    throw error;
  }
};

const keepOutput = (child: ChildProcess): (() => string) => {
  let kept = '';
  const keep = (text: Buffer): void => {
    kept = (kept + text.toString()).slice(-keptOutputChars);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  return () => kept.trim().split('\n').slice(-8).join('\n');
};

const untilListening = (child: ChildProcess, name: EngineName, port: number, output: () => string): Promise<number> => {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const failed = (why: string) => reject(engineFailed(name, why, output()));
  const timer = setTimeout(() => failed(`it did not listen within ${startTimeoutMs} ms`), startTimeoutMs);
  child.once('error', (error) => failed(error.message));
  // 'close', not 'exit': by then all it wrote was read.
  child.once('close', (code, signal) => failed(`it ended with ${signal ?? `exit code ${code}`}`));
  child.on('message', (message: EngineMessage) => {
    if (message.kind === 'listening') resolve(message.port);
    else if (message.code === 'EADDRINUSE') reject(portInUse(name, port));
    else failed(message.message);
  });
  return promise.finally(() => {
    clearTimeout(timer);
    child.removeAllListeners();
  });
};

const stopChild = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.ref();
  if (child.connected) child.disconnect();
  const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await exited;
  clearTimeout(timer);
};

const portInUse = (name: EngineName, port: number): MillraceError =>
  new MillraceError('configuration', 'PORT_IN_USE', `port ${port} for the ${name} engine is in use`, {
    fix: 'Stop what listens there, choose another port, or leave the port out: then the system chooses a free one.',
    fields: { engine: name, port },
  });

const engineFailed = (name: EngineName, why: string, output: string): MillraceError =>
  new MillraceError(
    'configuration',
    'ENGINE_FAILED',
    `the ${name} engine did not start: ${why}${output === '' ? '' : `\n${output}`}`,
    {
      fix: 'The engines are packages of their own, for development: npm install --save-dev kinesis-local dynalite.',
      fields: { engine: name, why, output },
    },
  );
