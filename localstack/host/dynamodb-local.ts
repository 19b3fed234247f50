import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { MillraceError } from 'millrace';
import { findJava } from './find-tools.ts';
import { type InstallOptions, installParts } from './install.ts';

const heap = '-Xmx512m';
const startTimeoutMs = 60_000;

/** How DynamoDB Local is started from where it is installed, up to its own arguments. */
export const dynamoDbLocalCommand = async (folder: string): Promise<readonly string[]> => {
  const { java } = await findJava();
  const jars = join(folder, 'jars');
  const classPath = [join(folder, 'classes'), join(jars, '*')].join(':');
  return [java, heap, `-Djava.library.path=${jars}`, '-cp', classPath, 'LoopbackDynamoDb'];
};

/**
 * Installs DynamoDB Local if it is not there, and starts it on loopback, in memory, without telemetry.
 * @throws MillraceError `TOOL_MISSING`, `INSTALL_FAILED`, `ENGINE_FAILED` (configuration)
 */
export const startDynamoDbLocal = async (
  options: InstallOptions = {},
): Promise<{ readonly endpoint: string; stop(): Promise<void> }> => {
  const { 'dynamodb-local': folder } = await installParts(['dynamodb-local'], options);
  const [java = 'java', ...args] = await dynamoDbLocalCommand(folder);
  const port = await freePort();
  const child = spawn(java, [...args, '-port', String(port), '-inMemory'], {
    env: { PATH: process.env.PATH, DDB_LOCAL_TELEMETRY: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let output = '';
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  const onOutput = (text: Buffer) => {
    output += text.toString();
    if (output.includes('listening on')) resolve();
  };
  child.stdout.on('data', onOutput);
  child.stderr.on('data', onOutput);
  child.once('error', reject);
  exited.then(() => reject(engineFailed(output)));
  const timer = setTimeout(
    () => reject(engineFailed(`${output}\nIt did not listen within ${startTimeoutMs} ms.`)),
    startTimeoutMs,
  );
  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  try {
    await listening;
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
  return { endpoint: `http://127.0.0.1:${port}`, stop };
};

/** A port that nobody listens on; DynamoDB Local cannot be told to choose. */
const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
};

const engineFailed = (output: string): MillraceError =>
  new MillraceError(
    'configuration',
    'ENGINE_FAILED',
    `DynamoDB Local did not start:\n${output.trim().split('\n').slice(-6).join('\n')}`,
    {
      fix: 'Read these lines. Memory and another Java than 17 or newer are the usual reasons.',
    },
  );
