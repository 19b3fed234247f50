import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MillraceError } from 'millrace';
import { dynamoDbLocalCommand } from './dynamodb-local.ts';
import { type InstallOptions, installParts } from './install.ts';
import { answering } from './running.ts';

export interface LocalStackOptions extends InstallOptions {
  readonly port: number;
  /** Everything that LocalStack logs, in place of what matters. Default false. */
  readonly debug?: boolean;
  /** Told when everything is installed and LocalStack begins to start. */
  readonly onStart?: () => void;
}

export interface RunningLocalStack {
  readonly endpoint: string;
  readonly logFile: string;
  /** Has `<pid>.json` for each Lambda process that has an invocation, with function, version and request id. */
  readonly busyFolder: string;
  /** Its exit code, when it has ended: 0 where somebody asked it to. */
  readonly ended: Promise<number | null>;
  /** Ends it and everything it started. What it held is gone. */
  stop(): Promise<void>;
}

const here = import.meta.dirname;
const startTimeoutMs = 120_000;
const stopTimeoutMs = 15_000;

/**
 * Installs LocalStack if it is not there, and starts it on this machine, without Docker, on loopback only.
 * It ends with `stop()`, and with this process, however it ends.
 *
 * @throws MillraceError `TOOL_MISSING`, `INSTALL_FAILED`, `PORT_IN_USE`, `ENGINE_FAILED` (configuration)
 */
export const startLocalStack = async (options: LocalStackOptions): Promise<RunningLocalStack> => {
  const { port, onStart } = options;
  await requireFreePort(port);
  const folders = await installParts(['python', 'runtime-client', 'dynamodb-local'], options);
  onStart?.();
  const runFolder = await mkdtemp(join(tmpdir(), 'millrace-localstack-'));
  const logFile = join(runFolder, 'localstack.log');
  const busyFolder = join(runFolder, 'busy');
  for (const folder of [busyFolder, join(runFolder, 'tmp')]) await mkdir(folder);
  const log = openSync(logFile, 'a');
  const child = spawn(join(folders.python, 'venv/bin/python'), ['-m', 'millrace_localstack'], {
    cwd: runFolder,
    env: {
      ...settings(options, runFolder),
      PYTHONPATH: join(here, 'python'),
      // Nothing is written into the checkout.
      PYTHONDONTWRITEBYTECODE: '1',
      MILLRACE_NODE: process.execPath,
      MILLRACE_RUNTIME_CLIENT: join(folders['runtime-client'], 'node_modules/aws-lambda-ric/index.mjs'),
      MILLRACE_DYNAMODB_LOCAL: JSON.stringify(await dynamoDbLocalCommand(folders['dynamodb-local'])),
      MILLRACE_KINESIS_LOCAL: createRequire(import.meta.url).resolve('kinesis-local/main.js'),
      MILLRACE_LOOPBACK_ONLY: join(here, 'loopback-only.cjs'),
      MILLRACE_BUSY_FOLDER: busyFolder,
    },
    // A group of its own: Ctrl-C in a terminal reaches this process, which decides when LocalStack stops.
    detached: true,
    stdio: ['pipe', log, log],
  });
  closeSync(log);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const stop = () => stopGroup(child, ended, runFolder);
  try {
    await untilReady(child, port, logFile);
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint: `http://127.0.0.1:${port}`, logFile, busyFolder, ended, stop };
};

/** LocalStack's own settings: https://docs.localstack.cloud/references/configuration/ */
const settings = ({ port, debug = false }: LocalStackOptions, runFolder: string): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  TMPDIR: join(runFolder, 'tmp'),
  GATEWAY_LISTEN: `127.0.0.1:${port}`,
  // Part of the URLs it gives out: no name that somebody has to resolve.
  LOCALSTACK_HOST: `127.0.0.1:${port}`,
  SQS_ENDPOINT_STRATEGY: 'path',
  OVERRIDE_IN_DOCKER: '0',
  FILESYSTEM_ROOT: join(runFolder, 'files'),
  // It reports to nobody and downloads nothing.
  DNS_ADDRESS: '0',
  DISABLE_EVENTS: '1',
  SKIP_SSL_CERT_DOWNLOAD: '1',
  EAGER_SERVICE_LOADING: '0',
  DYNAMODB_IN_MEMORY: '1',
  KINESIS_PERSISTENCE: '0',
  KINESIS_LATENCY: '20',
  KINESIS_SHARD_LIMIT: '1000',
  KINESIS_ON_DEMAND_STREAM_COUNT_LIMIT: '100',
  // One thread of a mapping takes its shards in turns, a second each by default.
  LAMBDA_EVENT_SOURCE_MAPPING_POLL_INTERVAL_SEC: '0.25',
  // On a busy machine a function starts slowly; that is no failure.
  LAMBDA_RUNTIME_ENVIRONMENT_TIMEOUT: '60',
  ...(debug && { DEBUG: '1' }),
});

const requireFreePort = async (port: number): Promise<void> => {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    const version = await answering(port);
    const what = version === undefined ? 'in use' : `in use by LocalStack ${version}`;
    throw new MillraceError('configuration', 'PORT_IN_USE', `port ${port} is ${what}`, {
      fix: `Use it, stop it (npm run localstack -- --stop --port ${port}), or choose another port with --port.`,
      fields: { port },
    });
  } finally {
    server.close();
  }
};

const untilReady = async (child: ChildProcess, port: number, logFile: string): Promise<void> => {
  const giveUpMs = Date.now() + startTimeoutMs;
  const running = () => child.exitCode === null && child.signalCode === null && Date.now() < giveUpMs;
  while (running() && (await answering(port)) === undefined) await sleep(200);
  if (running()) await startEngines(port, giveUpMs - Date.now());
  // It may have been stopped meanwhile.
  if (running() && (await answering(port)) !== undefined) return;
  const why = child.exitCode === null ? 'it does not answer' : `it ended with ${child.exitCode}`;
  throw engineFailed(`LocalStack did not start: ${why}`, await lastLines(logFile));
};

/** They start with the first request, which would take longer than an SDK waits. */
const startEngines = async (port: number, timeoutMs: number): Promise<void> => {
  const calls = { 'DynamoDB_20120810.ListTables': 'dynamodb', 'Kinesis_20131202.ListStreams': 'kinesis' };
  const asked = Object.entries(calls).map(([target, service]) =>
    fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': target,
        authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
      },
      body: '{}',
      signal: AbortSignal.timeout(timeoutMs),
    }),
  );
  // Whether they work is not asked here.
  await Promise.allSettled(asked);
};

export const lastLines = async (logFile: string): Promise<string> =>
  (await readFile(logFile, 'utf8')).trim().split('\n').slice(-8).join('\n');

export const engineFailed = (what: string, lines: string): MillraceError =>
  new MillraceError('configuration', 'ENGINE_FAILED', `${what}\n${lines}`, {
    fix: 'Read these lines, or try again with --debug. Memory (1 GB) and disk space are the usual reasons.',
  });

const stopGroup = async (child: ChildProcess, ended: Promise<unknown>, runFolder: string): Promise<void> => {
  // The end of its input is what it stops by, in good order.
  child.stdin?.end();
  await Promise.race([ended, sleep(stopTimeoutMs, undefined, { ref: false })]);
  try {
    // Lambda processes are of its group, frozen ones too.
    process.kill(-(child.pid as number), 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  await ended;
  await rm(runFolder, { recursive: true, force: true, maxRetries: 5 });
};
