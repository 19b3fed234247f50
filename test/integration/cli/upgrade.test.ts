import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DynamoItemStore } from '../../../lib/aws/dynamo-item-store.ts';
import { readJob } from '../../../lib/commit/job.ts';
import { systemClock } from '../../../lib/core/clock.ts';
import { systemRandom } from '../../../lib/core/random.ts';
import { createStateTable } from '../../../lib/local/engines/resources.ts';
import { type Engines, startEngines } from '../../../lib/local/engines/start-engines.ts';
import { LocalJob } from '../../../lib/local/local-job.ts';
import { MemoryAppendSink } from '../../../lib/memory/memory-append-sink.ts';
import { MemoryStreams } from '../../../lib/memory/memory-streams.ts';
import a from '../../data/upgrade/orders-a.ts';
import { millrace } from './captured-terminal.ts';

let engines: Engines;

beforeAll(async () => {
  engines = await startEngines();
  await createStateTable(engines.clients.dynamo, 'state');
  await createStateTable(engines.clients.dynamo, 'unused');
  const streams = new MemoryStreams(systemClock);
  for (const { input } of a.plan.stages) streams.createStream(input.stream);
  const sinks = new Map([['out', new MemoryAppendSink()]]);
  const ports = { items: itemsOf('state'), streams, sinks, clock: systemClock, random: systemRandom, observer: {} };
  await new LocalJob({ pipeline: a, ports }).start();
});

afterAll(() => engines?.stop());

const itemsOf = (tableName: string) => new DynamoItemStore({ client: engines.clients.dynamo, tableName });

const file = (version: string) => `test/data/upgrade/orders-${version}.ts`;

const documentOf = (stateTable: string): string => JSON.stringify({ stateTable, streams: {}, tables: {} });

const upgrade = (version: string, ...args: string[]) =>
  millrace(['upgrade', file(version), '--endpoint', engines.dynamoEndpoint, ...args], {
    env: { MILLRACE_DEPLOYMENT: documentOf('state') },
  });

const epoch = async (): Promise<number | undefined> => (await readJob(itemsOf('state'), 'orders', 1))?.epoch;

describe('millrace upgrade', () => {
  it('leaves a plan alone that runs already, and a job that has not begun', async () => {
    expect((await upgrade('a')).out).toBe('this plan runs already, as epoch 1\n');
    const unused = join(mkdtempSync(join(tmpdir(), 'millrace-upgrade-')), 'deployment.json');
    writeFileSync(unused, documentOf('unused'));
    const { exitCode, out } = await upgrade('a', '--deployment', unused);
    expect({ exitCode, out }).toEqual({
      exitCode: 0,
      out: 'the job has not begun: its first container begins it with this plan\n',
    });
  });

  it('refuses what cannot go on, with what differs', async () => {
    const { exitCode, err } = await upgrade('c');
    expect(exitCode).toBe(1);
    expect(err).toContain('error UPGRADE_REFUSED: The plan cannot go on');
    expect(err).toContain("window 'minute': tumbling 1 min → tumbling 5 min");
    const { err: json } = await upgrade('c', '--json');
    expect(JSON.parse(json)).toMatchObject({ error: { code: 'UPGRADE_REFUSED', changes: [{ effect: 'refused' }] } });
    expect(await epoch()).toBe(1);
  });

  it('compares only, if it is to', async () => {
    const { out } = await upgrade('b', '--dry-run');
    expect(out).toContain("window 'per-minute': renamed from 'minute'");
    expect(out).toContain('epoch 1 still runs: nothing was changed');
    expect(await epoch()).toBe(1);
  });

  it('needs to know where the pipeline is deployed', async () => {
    const args = ['upgrade', file('b'), '--endpoint', engines.dynamoEndpoint];
    expect(await millrace(args)).toMatchObject({ exitCode: 2, err: expect.stringMatching(/^error MISSING_INPUT: /) });
    const invalid = await millrace(args, { env: { MILLRACE_DEPLOYMENT: '{}' } });
    expect(invalid).toMatchObject({ exitCode: 3, err: expect.stringMatching(/^error DEPLOYMENT_INVALID: /) });
  });

  it('makes a plan the one that runs, and goes back', async () => {
    const { exitCode, out } = await upgrade('b', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ outcome: 'upgraded', epoch: 2 });
    expect(await epoch()).toBe(2);
    expect((await upgrade('a')).out).toContain('this plan runs from now on, as epoch 3');
    expect(await epoch()).toBe(3);
  });
});

describe('millrace plan --against', () => {
  const saved = async (version: string): Promise<string> => {
    const { out } = await millrace(['plan', file(version), '--json'], {});
    const path = join(mkdtempSync(join(tmpdir(), 'millrace-plan-')), 'plan.json');
    writeFileSync(path, out);
    return path;
  };

  it('says by its exit code whether the plan can go on', async () => {
    const deployed = await saved('a');
    expect(await millrace(['plan', file('b'), '--against', deployed], {})).toMatchObject({ exitCode: 0, err: '' });
    const { exitCode, out } = await millrace(['plan', file('c'), '--against', deployed], {});
    expect(exitCode).toBe(1);
    expect(out).toMatch(
      /^refused\n {2}window 'minute': tumbling 1 min → tumbling 5 min\n {4}because .+\n {4}fix: .+\n/,
    );
  });

  it('prints the comparison as JSON', async () => {
    const { out } = await millrace(['plan', file('b'), '--against', await saved('a'), '--json'], {});
    expect(JSON.parse(out)).toMatchObject({ compatible: true, before: a.plan.hash });
  });

  it('refuses a plan that was changed by hand, and a file that is none', async () => {
    const path = await saved('a');
    writeFileSync(path, JSON.stringify({ ...a.plan, partitions: 128 }));
    expect(await millrace(['plan', file('b'), '--against', path], {})).toMatchObject({ exitCode: 2 });
    expect(await millrace(['plan', file('b'), '--against', 'package.json'], {})).toMatchObject({ exitCode: 2 });
    expect((await millrace(['plan', file('b'), '--against', 'nope.json'], {})).err).toContain('FILE_NOT_FOUND');
  });
});
