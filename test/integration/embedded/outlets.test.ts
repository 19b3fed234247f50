import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deployLocally, runBounded } from 'millrace/local';
import { expect, onTestFinished, test } from 'vitest';
import { startLoopbackServer } from '../../../lib/local/services/loopback-server.ts';
import { armKill } from '../../../localstack/demo/kills.ts';
import outlets from './outlets-pipeline.ts';

const readings = Array.from({ length: 120 }, (_, i) => ({ id: `r${i}`, device: `d${i % 3}`, at: i * 1_000 }));

type Pane = { readonly device: string; readonly start: number };

const byPane = (a: Pane, b: Pane): number => (a.device === b.device ? a.start - b.start : a.device < b.device ? -1 : 1);

const counts = new Map<string, number>();
for (const { device, at } of readings) {
  const pane = JSON.stringify({ device, start: Math.floor(at / 10_000) * 10_000 });
  counts.set(pane, (counts.get(pane) ?? 0) + 1);
}
const expectedCounts = [...counts].map(([pane, n]) => ({ ...JSON.parse(pane), readings: n })).sort(byPane);

test('queue, bucket and webhook of a local deployment get what a handler sends over the SDK, kills or not', async () => {
  const posted = new Map<string, string>();
  const server = await startLoopbackServer(async ({ headers, body }) => {
    if (headers.authorization !== 'Bearer abc') return { status: 401 };
    posted.set(String(headers['idempotency-key']), body.toString());
    return { status: 200 };
  });
  onTestFinished(() => server.stop());
  const deployed = await deployLocally(outlets, {
    entry: new URL('outlets-handler.ts', import.meta.url),
    prefix: 'o-',
    tickIntervalMs: 0,
    batchSize: 20,
    environment: { HOOK_URL: server.endpoint, HOOK_TOKEN: 'Bearer abc', POWERTOOLS_LOG_LEVEL: 'DEBUG' },
  });
  onTestFinished(() => deployed.stop());
  const kills = ['readings', 'by-device'].map((stage) =>
    armKill(deployed, { stage, step: 'committed', description: 'outputs not yet sent' }),
  );
  for (let from = 0; from < readings.length; from += 20)
    await deployed.put('readings', readings.slice(from, from + 20));
  await deployed.end();
  await Promise.all(kills);
  const archived = [...deployed.objects('archive').values()].flat() as typeof readings;
  expect(archived.map(({ id }) => id).sort()).toEqual(readings.map(({ id }) => id).sort());
  const alerts = deployed.messages('alerts.fifo').map(({ body }) => JSON.parse(body));
  expect(alerts.sort(byPane)).toEqual(expectedCounts);
  expect([...posted.values()].map((body) => JSON.parse(body)).sort(byPane)).toEqual(expectedCounts);
});

test('a bounded run writes their rows to files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-outlets-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const input = join(folder, 'readings.jsonl');
  await writeFile(input, readings.map((reading) => `${JSON.stringify(reading)}\n`).join(''));
  await runBounded(outlets, { inputs: { readings: input }, outputDir: join(folder, 'out') });
  const linesOf = async (sink: string) =>
    (await readFile(join(folder, 'out', `${sink}.jsonl`), 'utf8'))
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  expect(await linesOf('archive')).toEqual(readings);
  expect((await linesOf('alerts')).sort(byPane)).toEqual(expectedCounts);
  expect((await linesOf('hook')).sort(byPane)).toEqual(expectedCounts);
});

test('a stage whose webhook has no token is not started', async () => {
  const deploying = deployLocally(outlets, {
    entry: new URL('outlets-handler.ts', import.meta.url),
    environment: { HOOK_URL: 'http://127.0.0.1:9' },
  }).then(async (deployed) => {
    onTestFinished(() => deployed.stop());
    await deployed.put('readings', readings);
    await deployed.end(20_000);
  });
  await expect(deploying).rejects.toThrow(/HOOK_TOKEN/);
});
