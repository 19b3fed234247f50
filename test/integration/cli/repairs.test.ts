import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KinesisStreams } from '../../../lib/aws/kinesis-streams.ts';
import { MillraceError } from '../../../lib/errors/millrace-error.ts';
import { awsPorts } from '../../../lib/lambda/aws-stage.ts';
import type { Deployment } from '../../../lib/lambda/deployment.ts';
import { createResources } from '../../../lib/local/deployment/resources.ts';
import { type Engines, startEngines } from '../../../lib/local/engines/start-engines.ts';
import { LocalJob } from '../../../lib/local/local-job.ts';
import { MAX_WATERMARK_MS } from '../../../lib/time/watermark-strategy.ts';
import { millrace } from './captured-terminal.ts';
import mended, { totals } from './fixtures/totals-pipeline.ts';

const file = 'test/integration/cli/fixtures/totals-pipeline.ts';
let engines: Engines;
let folder: string;
let deployments = 0;

beforeAll(async () => {
  engines = await startEngines();
  folder = mkdtempSync(join(tmpdir(), 'millrace-repairs-'));
});

afterAll(async () => {
  await engines?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const order = (id: string, amount: number, minute = 0, key = 'k') => ({ id, key, amount, at: minute * 60_000 });

/** The faulty version at work on real engines, and the command line beside it. */
const deploy = async () => {
  const prefix = `r${++deployments}-`;
  const names = ['orders', ...mended.plan.stages.slice(1).map(({ input }) => input.stream)];
  const deployment: Deployment = {
    stateTable: `${prefix}state`,
    streams: Object.fromEntries(names.map((name) => [name, prefix + name])),
    tables: { totals: `${prefix}totals`, hours: `${prefix}hours` },
  };
  await createResources(engines.clients, mended.plan, deployment, () => 1);
  const document = join(folder, `${prefix}deployment.json`);
  writeFileSync(document, JSON.stringify(deployment));
  const pipeline = totals(true);
  const sinks = mended.plan.stages.flatMap(({ id }) => [
    ...awsPorts(pipeline, { stage: id, deployment }, {}, {}, engines.clients).sinks,
  ]);
  const ports = awsPorts(pipeline, { stage: 'orders', deployment }, {}, {}, engines.clients);
  const job = new LocalJob({
    pipeline,
    ports: { ...ports, sinks: new Map(sinks) },
    resolveStream: (logical) => deployment.streams[logical] as string,
  });
  const streams = new KinesisStreams({ client: engines.clients.kinesis });
  const put = (orders: readonly unknown[], stream = 'orders') =>
    streams.putRecords(
      deployment.streams[stream] as string,
      orders.map((value) => ({ partitionKey: 'p', data: Buffer.from(JSON.stringify(value)) })),
    );
  const rows = async () => {
    const { Items = [] } = await engines.clients.dynamo.send(new ScanCommand({ TableName: `${prefix}totals` }));
    return Items.map((item) => `${item.minute?.N}: ${item.ids?.S}`).sort();
  };
  const run = (args: readonly string[]) =>
    millrace([
      ...args,
      ...[
        '--deployment',
        document,
        '--endpoint',
        engines.dynamoEndpoint,
        '--kinesis-endpoint',
        engines.kinesisEndpoint,
      ],
    ]);
  const list = (...args: string[]) =>
    millrace(['quarantine', 'list', '--deployment', document, '--endpoint', engines.dynamoEndpoint, ...args]);
  return { job, put, rows, run, list, stage: mended.plan.stages[1]?.id as string };
};

/** As a mapping does: a try whose outcome is not known is followed by another one. */
const patiently = async (act: () => Promise<unknown>): Promise<void> => {
  for (let tries = 1; ; tries++) {
    try {
      await act();
      return;
    } catch (error) {
      if (tries === 5 || !(error instanceof MillraceError) || !error.retryable) throw error;
    }
  }
};

describe('millrace redrive', () => {
  it('processes what the mended code can, once, and all that waited behind it', async () => {
    const { job, put, rows, run, list } = await deploy();
    await put([order('a', 1), order('b', 13), order('c', 1), order('d', 14), order('e', 1, 1)]);
    await patiently(() => job.start());
    await patiently(() => job.drain());
    await patiently(() => job.advanceWatermark(MAX_WATERMARK_MS));
    expect(await rows()).toEqual([]);

    const dry = await run(['redrive', file, '--dry-run', '--operator', 'total']);
    expect(dry.exitCode).toBe(0);
    expect(dry.out).toContain('USER_CODE in total: Error: unlucky');
    expect(dry.out).toContain('1 would be redriven');

    const { exitCode, out, err } = await run(['redrive', file, '--code', 'USER_CODE', '--operator', 'total']);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    expect(out).toBe('1 redriven, 0 rejected again\n');
    expect(await rows()).toEqual(['0: abc', '60000: e']);
    expect((await run(['redrive', file, '--json', '--operator', 'total'])).out).toContain('"redriven": 0');
    expect((await list('--json')).out.trim().split('\n')).toHaveLength(1);
  });

  it('ends with 1 where something is rejected again, and says how often it was tried', async () => {
    const { job, put, run, list } = await deploy();
    await put([{ nothing: 'of an order' }]);
    await patiently(() => job.start());
    await patiently(() => job.drain());
    expect(await run(['redrive', file])).toMatchObject({ exitCode: 1, out: '0 redriven, 1 rejected again\n' });
    expect((await list()).out).toContain('redriven 1 time');
  });
});

describe('millrace redrive --release', () => {
  it('shows which keys it would let go on, and lets these go on', async () => {
    const { job, put, rows, run, list } = await deploy();
    await put([order('a', 1), order('b', 13), order('c', 1), order('d', 14), order('e', 1, 1)]);
    await patiently(() => job.start());
    await patiently(() => job.drain());
    await patiently(() => job.advanceWatermark(MAX_WATERMARK_MS));
    expect((await list('--json')).out.trim().split('\n')).toHaveLength(2);

    const dry = await run(['redrive', file, '--release', '--dry-run']);
    expect(dry).toMatchObject({ exitCode: 0, err: '' });
    expect(dry.out).toContain('USER_CODE in total: Error: unlucky');
    expect(dry.out).not.toContain('USER_CODE in check');
    expect(dry.out).toMatch(/\n1 key would be released\n$/);
    const json = await run(['redrive', file, '--release', '--dry-run', '--json']);
    expect(JSON.parse(json.out)).toMatchObject({ operator: 'total', payloadKind: 'row' });
    expect(await rows()).toEqual([]);

    expect((await run(['redrive', file, '--release'])).out).toBe('1 key released\n');
    expect(await rows()).toEqual(['0: ac', '60000: e']);
    expect((await run(['redrive', file, '--release', '--dry-run'])).out).toBe('0 keys would be released\n');
  });
});

describe('millrace skip', () => {
  it('shows first, then gives up what another writer has put into a repartition stream', async () => {
    const { job, put, run, list, stage } = await deploy();
    await put([{ not: 'a packet' }], mended.plan.stages[1]?.input.stream);
    await put([order('a', 1)]);
    await patiently(() => job.start());
    await expect(patiently(() => job.drain())).rejects.toMatchObject({ code: 'CORRUPT_PACKET' });
    const through = (await list('--json')).out;
    expect(through).toBe('');
    const shard = 'shardId-000000000000';
    const args = ['skip', file, '--stage', stage, '--shard', shard, '--reason', 'a test wrote it'];
    const wrong = await run([...args, '--through', '1']);
    expect(wrong.exitCode).toBe(2);
    expect(wrong.err).toContain('error NOT_SKIPPABLE: ');
    const sequence = /has no record 1|"next":"(\d+)"/.exec((await run([...args, '--through', '1', '--json'])).err)?.[1];
    expect(sequence).toMatch(/^\d+$/);
    const preview = await run([...args, '--through', sequence as string]);
    expect(preview.out).toContain('1 record would be given up, to quarantine');
    expect(preview.out).toContain('give --yes to do it');
    const done = await run([...args, '--through', sequence as string, '--yes', '--by', 'ann']);
    expect(done).toMatchObject({ exitCode: 0, err: '' });
    expect(done.out).toContain('recorded in 1 commit: a test wrote it');
    expect((await list('--code', 'SKIPPED')).out).toContain('"by":"ann"');
    await patiently(() => job.drain());
  });

  it.each([
    ['no scope', [], 'INVALID_ARGUMENT'],
    ['two scopes', ['--expired', '--until', '5'], 'INVALID_ARGUMENT'],
    ['a sequence number that is none', ['--until', 'abc'], 'INVALID_ARGUMENT'],
  ])('refuses %s', async (_, args, code) => {
    const { run } = await deploy();
    const { exitCode, err } = await run(['skip', file, '--stage', 'orders', '--shard', 's', '--reason', 'r', ...args]);
    expect(exitCode).toBe(2);
    expect(err).toMatch(new RegExp(`^error ${code}: .+\nfix: .+\n$`));
  });

  it.each([
    ['a stage that is not there', ['--stage', 'nope'], 2, 'INVALID_ARGUMENT'],
    ['an empty reason', ['--stage', 'orders', '--reason', ' '], 2, 'INVALID_ARGUMENT'],
    ['what is not missing', ['--stage', 'orders'], 2, 'NOTHING_TO_SKIP'],
  ])('refuses %s', async (_, args, exitCode, code) => {
    const { job, put, run } = await deploy();
    await put([order('a', 1)]);
    await patiently(() => job.start());
    await patiently(() => job.drain());
    const result = await run(['skip', file, '--shard', 'shardId-000000000000', '--reason', 'r', '--expired', ...args]);
    expect(result).toMatchObject({ exitCode });
    expect(result.err).toMatch(new RegExp(`^error ${code}: .+\nfix: .+\n$`));
  });

  it('needs to know where the pipeline is deployed, and reaches only this machine', async () => {
    const args = ['skip', file, '--stage', 'orders', '--shard', 's', '--reason', 'r', '--expired'];
    expect(await millrace(args)).toMatchObject({ exitCode: 2, err: expect.stringMatching(/^error MISSING_INPUT: /) });
    const env = { MILLRACE_DEPLOYMENT: '{}' };
    expect(await millrace(args, { env })).toMatchObject({
      exitCode: 3,
      err: expect.stringMatching(/^error ENDPOINT_REQUIRED: /),
    });
    const missing = await millrace([...args, '--deployment', join(folder, 'nope.json')]);
    expect(missing).toMatchObject({ exitCode: 2, err: expect.stringMatching(/^error FILE_NOT_FOUND: /) });
    const invalid = await millrace([...args, '--endpoint', engines.dynamoEndpoint], { env });
    expect(invalid).toMatchObject({ exitCode: 3, err: expect.stringMatching(/^error DEPLOYMENT_INVALID: /) });
  });
});
