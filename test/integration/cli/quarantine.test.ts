import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import revenue from '../../../functions/revenue/pipeline.ts';
import { DynamoItemStore } from '../../../lib/aws/dynamo-item-store.ts';
import { systemClock } from '../../../lib/core/clock.ts';
import { systemRandom } from '../../../lib/core/random.ts';
import { createRowTable, createStateTable } from '../../../lib/local/engines/resources.ts';
import { type Engines, startEngines } from '../../../lib/local/engines/start-engines.ts';
import { LocalJob } from '../../../lib/local/local-job.ts';
import { MemoryAppendSink } from '../../../lib/memory/memory-append-sink.ts';
import { MemoryStreams } from '../../../lib/memory/memory-streams.ts';
import { millrace } from './captured-terminal.ts';

let engines: Engines;

beforeAll(async () => {
  engines = await startEngines();
  const { dynamo } = engines.clients;
  await createStateTable(dynamo, 'state');
  await createStateTable(dynamo, 'unused');
  await createRowTable(dynamo, 'rows', [{ name: 'province', type: 'string' }]);
  await rejectTwo();
});

afterAll(() => engines?.stop());

const rejectTwo = async (): Promise<void> => {
  const streams = new MemoryStreams(systemClock);
  for (const { input } of revenue.plan.stages) streams.createStream(input.stream);
  const sink = new MemoryAppendSink();
  const items = new DynamoItemStore({ client: engines.clients.dynamo, tableName: 'state' });
  const sinks = new Map([
    ['table', sink],
    ['late', sink],
  ]);
  const ports = { items, streams, sinks, clock: systemClock, random: systemRandom, observer: {} };
  const job = new LocalJob({ pipeline: revenue, ports });
  await streams.putRecords('orders', [
    { partitionKey: 'a', data: Buffer.from('no json') },
    { partitionKey: 'a', data: Buffer.from('{"id":"1"}') },
  ]);
  await job.start();
  await job.drain();
};

const list = (args: readonly string[], env: Record<string, string> = {}) =>
  millrace(['quarantine', 'list', ...args], { env });

const folder = mkdtempSync(join(tmpdir(), 'millrace-quarantine-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A deployment with that state table. */
const of = (stateTable: string, more: object = {}): string[] => {
  const file = join(folder, `${stateTable}.json`);
  writeFileSync(file, JSON.stringify({ stateTable, streams: {}, tables: {}, ...more }));
  return ['--deployment', file];
};

const here = () => ['--endpoint', engines.dynamoEndpoint];

describe('millrace quarantine list', () => {
  it('shows reason, place and payload of each record', async () => {
    const { exitCode, out, err } = await list([...of('state'), ...here()]);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    expect(out).toContain('NOT_JSON in orders: ');
    expect(out).toContain('record: no json');
    expect(out).toContain('SCHEMA in orders, at province: ');
    expect(out).toContain("2 quarantined records of job 'revenue'");
  });

  it('prints a JSON object for each, and finds the endpoint in the environment', async () => {
    const { out } = await list([...of('state'), '--json'], { AWS_ENDPOINT_URL: engines.dynamoEndpoint });
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toMatchObject([
      { code: 'NOT_JSON', stage: 'orders', payload: 'no json', payloadEncoding: 'text' },
      { code: 'SCHEMA', path: 'province', payload: '{"id":"1"}' },
    ]);
  });

  it('says by its exit code whether there is any, if it is to check', async () => {
    expect((await list([...of('state'), '--check', ...here()])).exitCode).toBe(1);
  });

  it('takes the table of the pipeline that is named, by name or by file', async () => {
    expect((await list([...of('state'), '--pipeline', 'revenue', ...here()])).exitCode).toBe(0);
    const byFile = await list([...of('state'), '--pipeline', 'functions/revenue/pipeline.ts', ...here()]);
    expect(byFile.exitCode).toBe(0);
  });

  it.each([
    ['of another job', [...of('state'), '--pipeline', 'clicks'], 'TABLE_OF_ANOTHER_JOB'],
    ['without a job', [...of('unused')], 'TABLE_SHAPE'],
    ['of rows', [...of('rows')], 'TABLE_SHAPE'],
    ['that does not exist', [...of('nope')], 'TABLE_NOT_FOUND'],
  ])('refuses a table %s', async (_, args, code) => {
    const { exitCode, err } = await list([...args, ...here()]);
    expect(exitCode).toBe(3);
    expect(err).toMatch(new RegExp(`^error ${code}: .+\nfix: .+\n$`));
  });

  it('finds the document in the environment', async () => {
    const document = JSON.stringify({ stateTable: 'state', streams: {}, tables: {} });
    expect((await list(['--check', ...here()], { MILLRACE_DEPLOYMENT: document })).exitCode).toBe(1);
  });

  it('looks at the incarnation of the document', async () => {
    const { exitCode, err } = await list([...of('state', { incarnation: 2 }), ...here()]);
    expect(exitCode).toBe(3);
    expect(err).toMatch(/^error TABLE_SHAPE: .*\nfix: .*\n$/);
  });

  it('refuses a bucket on another machine unless it may be reached', async () => {
    const { exitCode, err } = await list([...of('state', { blobs: { bucket: 'b' } }), ...here()], {
      AWS_ENDPOINT_URL_S3: 'https://s3.invalid',
    });
    expect(exitCode).toBe(3);
    expect(err).toMatch(/^error ENDPOINT_REQUIRED: The endpoint https:\/\/s3\.invalid is not on this machine/);
  });

  it('says what to give where there is no document', async () => {
    const { exitCode, err } = await list(here());
    expect(exitCode).toBe(2);
    expect(err).toMatch(/^error MISSING_INPUT: .*\nfix: Give --deployment FILE/);
  });
});
