import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lambdaHandler } from 'millrace/lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import revenue from '../../../functions/revenue/pipeline.ts';
import { createStateTable } from '../../../lib/local/engines/resources.ts';
import { type Engines, startEngines } from '../../../lib/local/engines/start-engines.ts';

/** What is outside of a command and wrong: the real program, started wrongly. Names under `.invalid` lead nowhere, for ever. */

const pipeline = 'functions/revenue/pipeline.ts';
const deployment = {
  stateTable: 'state',
  streams: { orders: 'no-such-stream', 'revenue-by-province': 'hop', 'late-orders': 'late' },
  tables: { revenue: 'revenue' },
};

let folder: string;
let document: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-surroundings-'));
  document = join(folder, 'deployment.json');
  writeFileSync(document, JSON.stringify(deployment));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Environment = Readonly<Record<string, string>>;

/** Nothing of this machine's account, and no metadata service to ask for another. */
const bare = (): Environment => ({
  PATH: process.env.PATH ?? '',
  HOME: folder,
  AWS_EC2_METADATA_DISABLED: 'true',
});
const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
const nowhere = ['--allow-aws', '--endpoint', 'http://dynamodb.xx-nowhere-1.invalid'];

const millrace = (args: readonly string[], env: Environment): Promise<{ exitCode: number; out: string; err: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, ['cli/millrace.js', ...args], { env: { ...bare(), ...env } }, (error, out, err) =>
      resolve({ exitCode: typeof error?.code === 'number' ? error.code : 0, out, err }),
    );
  });

const skip = 'skip --stage orders --shard shardId-000000000000 --expired --reason why'.split(' ');
const commands: readonly (readonly [string, () => readonly string[]])[] = [
  ['quarantine list', () => ['quarantine', 'list', '--deployment', document]],
  ['upgrade', () => ['upgrade', pipeline, '--deployment', document]],
  ['redrive', () => ['redrive', pipeline, '--deployment', document]],
  ['skip', () => [...skip, pipeline, '--deployment', document]],
];

describe('a command that reaches an engine or AWS', () => {
  it.each(commands)('says that there are no credentials: %s', async (_, args) => {
    const { exitCode, out, err } = await millrace([...args(), ...nowhere], { AWS_REGION: 'us-east-1' });
    expect(err).toMatch(
      /^error CREDENTIALS_MISSING: there are no credentials to read table state with: .*\nfix: Set AWS_PROFILE, or .*\n$/,
    );
    expect([exitCode, out]).toEqual([3, '']);
  });

  it.each([
    [
      'there is no region',
      nowhere,
      credentials,
      /^error REGION_INVALID: no region is set, to look for table state in\nfix: Set AWS_REGION to a region such as .*\n$/,
    ],
    [
      'the region lacks the service',
      nowhere,
      { ...credentials, AWS_REGION: 'xx-nowhere-1' },
      /^error STORE_UNAVAILABLE: table state did not answer: there is no host dynamodb\.xx-nowhere-1\.invalid \(\w+\)\nfix: Correct the region \(AWS_REGION\), .*\n$/,
    ],
    [
      'nobody listens',
      ['--endpoint', 'http://127.0.0.1:1'],
      {},
      /^error STORE_UNAVAILABLE: table state did not answer: .*ECONNREFUSED 127\.0\.0\.1:1\nfix: .*AWS_ENDPOINT_URL.*\n$/,
    ],
    [
      'there is no endpoint',
      [],
      {},
      /^error ENDPOINT_REQUIRED: No endpoint is given, .*\nfix: Give --endpoint or .*\n$/,
    ],
  ] as const)('says in two lines that %s, and what to do', async (_, place, env, lines) => {
    const { exitCode, out, err } = await millrace(['quarantine', 'list', '--deployment', document, ...place], env);
    expect(err).toMatch(lines);
    expect([exitCode, out]).toEqual([3, '']);
  });

  it('says that the stack has no such output where jq found none', async () => {
    const empty = join(folder, 'null.json');
    writeFileSync(empty, 'null\n');
    const { exitCode, err } = await millrace(['upgrade', pipeline, '--deployment', empty, ...nowhere], {});
    expect(exitCode).toBe(3);
    expect(err).toMatch(
      /^error DEPLOYMENT_INVALID: .* is null, .* jq .*\nfix: Set it to JSON .* deployed to its end.*\n$/,
    );
  });
});

describe('a stream that does not exist', () => {
  let engines: Engines;
  beforeAll(async () => {
    engines = await startEngines();
    await createStateTable(engines.clients.dynamo, 'state');
  });
  afterAll(() => engines?.stop());

  it('is named by the command that looks for it', async () => {
    const place = ['--endpoint', engines.dynamoEndpoint, '--kinesis-endpoint', engines.kinesisEndpoint];
    const { exitCode, err } = await millrace([...skip, pipeline, '--deployment', document, ...place], {});
    expect(exitCode).toBe(3);
    expect(err).toMatch(
      /^error STREAM_NOT_FOUND: there is no stream no-such-stream .*\nfix: Deploy the pipeline .*\n$/,
    );
  });

  it('is named by the first invocation', async () => {
    for (const [name, value] of Object.entries(engines.environment)) vi.stubEnv(name, value);
    vi.stubEnv('MILLRACE_STAGE', 'orders');
    vi.stubEnv('MILLRACE_DEPLOYMENT', JSON.stringify(deployment));
    vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'SILENT');
    const context = { awsRequestId: 'request', getRemainingTimeInMillis: () => 30_000 };
    const invoked = lambdaHandler(revenue)({ millrace: 'tick' }, context);
    await expect(invoked).rejects.toMatchObject({
      code: 'STREAM_NOT_FOUND',
      message: 'there is no stream no-such-stream in this account and region',
      fix: expect.stringContaining('Deploy the pipeline first'),
    });
    vi.unstubAllEnvs();
  });
});
