import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');

/** Somebody else's port, a stand-in for what answers there, and an empty cache. */
let folder: string;
let taken: Server;
let port: string;
let health: object = {};
const asked: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-command-'));
  taken = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end(JSON.stringify(health));
    if (request.method === 'POST') health = {};
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  port = String((taken.address() as AddressInfo).port);
});
afterAll(async () => {
  taken.close();
  await rm(folder, { recursive: true, force: true });
});

const run = (script: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const options = { cwd: root, env: { ...process.env, MILLRACE_CACHE: folder, ...env } };
    execFile(process.execPath, [`${script}.ts`, ...args], options, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });

describe('npm run localstack', () => {
  it('shows its usage', async () => {
    expect(await run('localstack/localstack', ['--help'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('--port N'),
      err: '',
    });
  });

  it('names a wrong argument', async () => {
    const { code, err } = await run('localstack/localstack', ['--port', 'many']);
    expect([code, err]).toEqual([
      2,
      "--port is 'many'; allowed: a whole number from 1 to 65535.\n--help shows what there is.\n",
    ]);
  });

  it('says that the port is taken, and by whom, before it installs anything', async () => {
    health = {};
    const byAnybody = await run('localstack/localstack', ['--port', port]);
    expect([byAnybody.code, byAnybody.err.split('\n')[0]]).toEqual([3, `error PORT_IN_USE: port ${port} is in use`]);
    health = { version: '2026.3.0' };
    const byLocalStack = await run('localstack/localstack', ['--port', port]);
    expect(byLocalStack.err).toBe(
      `error PORT_IN_USE: port ${port} is in use by LocalStack 2026.3.0\n` +
        `fix: Use it, stop it (npm run localstack -- --stop --port ${port}), or choose another port with --port.\n`,
    );
  });

  it('says in two lines that there is no Python that fits', async () => {
    const { code, err } = await run('localstack/localstack', ['--install'], { MILLRACE_PYTHON: '/bin/false' });
    expect(code).toBe(3);
    expect(err).toMatch(/^error TOOL_MISSING: LocalStack needs Python 3\.13 .*\nfix: Install it .*\n$/);
  });

  it('says whether LocalStack runs, and stops it', async () => {
    health = { version: '2026.3.0', services: { kinesis: 'running', lambda: 'available' } };
    const status = await run('localstack/localstack', ['--status', '--port', port]);
    expect([status.code, status.out]).toEqual([
      0,
      `LocalStack 2026.3.0 listens on http://127.0.0.1:${port}\nServices started so far: kinesis\n`,
    ]);
    expect((await run('localstack/localstack', ['--stop', '--port', port])).out).toBe('stopped\n');
    expect(asked).toContain('POST /_localstack/health');
    const gone = await run('localstack/localstack', ['--status', '--port', port]);
    expect([gone.code, gone.out]).toEqual([1, `No LocalStack listens on port ${port}.\n`]);
  });
});

describe('a machine without Java', () => {
  it.each([
    ['npm run localstack', 'localstack/localstack', ['--install']],
    ['npm run adapters', 'localstack/adapters', ['--engine', 'dynamodb-local']],
    ['npm run e2e', 'test/e2e/e2e', []],
  ])('is told by %s in two lines what to install', async (_, script, args) => {
    // Everything else is there: whatever the program is asked, it answers.
    const tool = '#!/bin/sh\necho 3.13\n';
    for (const name of ['python3.13', 'c++', 'make', 'cmake', 'xz', 'mvn'])
      await writeFile(join(folder, name), tool, { mode: 0o755 });
    const tools = { PATH: `${folder}:${process.env.PATH}`, MILLRACE_PYTHON: join(folder, 'python3.13') };
    const { code, err } = await run(script, args, { ...tools, JAVA_HOME: '/nowhere', AWS_ENDPOINT_URL: '' });
    expect(code).toBe(3);
    expect(err).toMatch(/^error TOOL_MISSING: DynamoDB Local needs a JDK.* \(\/nowhere\)\.\nfix: Install one .*\n$/);
  });
});

describe('npm run demo', () => {
  it.each(['kinesis', 'dynamo'])('says that the port of its %s engine is taken', async (engine) => {
    const { code, err } = await run('localstack/demo', [`--${engine}-port`, port, '--json']);
    expect(code).toBe(3);
    expect(err).toBe(
      `error PORT_IN_USE: port ${port} for the ${engine} engine is in use\n` +
        'fix: Stop what listens there, choose another port, or leave the port out: then the system chooses a free one.\n',
    );
  });
});

describe('npm run e2e', () => {
  it('refuses any endpoint that is not on this machine', async () => {
    const { code, err } = await run('test/e2e/e2e', [], { AWS_ENDPOINT_URL: 'https://aws.invalid' });
    expect(code).toBe(3);
    expect(err).toMatch(/^error ENDPOINT_REQUIRED: The endpoint https:\/\/aws\.invalid is .*\nfix: Unset .*\n$/);
  });
});

describe('npm run adapters', () => {
  it('names the engines that there are', async () => {
    expect(await run('localstack/adapters', ['--engine', 'moto'])).toMatchObject({
      code: 2,
      err: "--engine is 'moto'; allowed: localstack, dynamodb-local.\n--help shows what there is.\n",
    });
    expect(await run('localstack/adapters', [])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--engine is missing'),
    });
    expect(await run('localstack/adapters', ['--engin'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--engin'),
    });
  });
});
