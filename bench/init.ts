import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import Table from 'cli-table3';
import { cacheFolder } from '../localstack/host/cache-folder.ts';
import { parseWhole, wholeNumber } from '../localstack/program/parse-whole.ts';
import { runProgram } from '../localstack/program/run-program.ts';
import { buildReferenceBundles } from '../packaging/reference-bundles.ts';
import { median } from './median.ts';

/**
 * How long a cold start takes before the first event: fresh processes that load the real bundle of each reference pipeline, and
 * an empty handler for comparison, in turns. Only to import it; and, where AWS's runtime client for Node is installed
 * (`npm run localstack -- --install`), until that asks for its first invocation.
 */

const defaultRounds = 21;

const usage = `Usage: node bench/init.ts [options]

How long fresh processes take to load the bundle of each reference pipeline, with an empty handler beside it, in turns: to import it, and
until AWS's runtime client asks for the first invocation, where that is installed (npm run localstack -- --install).

Options:
  --rounds N    1 to 1000 (default ${defaultRounds})
  --help        show this

Exit codes: 0 done, 2 wrong arguments.
`;

const parsed = parseWhole(
  process.argv.slice(2),
  { rounds: { type: 'string' } },
  ({ rounds }) => wholeNumber('--rounds', rounds, 1, 1_000) ?? defaultRounds,
);

interface Measured {
  readonly ms: number;
  /** What the process has used of a processor: on a busy machine this says more. */
  readonly cpuMs: number;
}

interface Candidate {
  readonly name: string;
  readonly folder: string;
}

/** From just before the import to just after it, by the process itself. */
const importOnce = async ({ folder }: Candidate): Promise<Measured> => {
  const url = pathToFileURL(resolve(folder, 'index.mjs')).href;
  const script = `
    const [startMs, before] = [performance.now(), process.cpuUsage()];
    await import(${JSON.stringify(url)});
    const { user, system } = process.cpuUsage(before);
    process.stdout.write(JSON.stringify({ ms: performance.now() - startMs, cpuMs: (user + system) / 1_000 }));`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { env: settings });
  let output = '';
  child.stdout.on('data', (text: Buffer) => {
    output += text;
  });
  const [exitCode] = (await once(child, 'close')) as [number];
  if (exitCode !== 0) throw new Error(`${folder} does not load`);
  return JSON.parse(output) as Measured;
};

/** What Lambda sets, as far as loading depends on it. */
const settings = { AWS_REGION: 'us-east-1', PATH: process.env.PATH };

/** From the start of the process until the runtime client asks for an invocation. */
const startOnce = async ({ folder }: Candidate, runtimeClient: string): Promise<Measured> => {
  const asked = Promise.withResolvers<number>();
  // Nobody answers: the process waits, as it would between two invocations.
  const runtimeApi = createServer(({ url }, response) => {
    if (url?.endsWith('/invocation/next') === true) asked.resolve(performance.now());
    else response.end(() => asked.reject(new Error(`the handler in ${folder} does not load: ${url}`)));
  });
  await once(runtimeApi.listen(0, '127.0.0.1'), 'listening');
  const startMs = performance.now();
  const child = spawn(process.execPath, [runtimeClient, 'index.handler'], {
    cwd: folder,
    env: {
      ...settings,
      _HANDLER: 'index.handler',
      AWS_LAMBDA_FUNCTION_NAME: 'init',
      AWS_LAMBDA_FUNCTION_VERSION: '1',
      LAMBDA_TASK_ROOT: resolve(folder),
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(runtimeApi.address() as AddressInfo).port}`,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1024',
    },
    stdio: 'ignore',
  });
  const ended = once(child, 'close');
  try {
    const endedEarly = ended.then(() => Promise.reject(new Error('the runtime client ended')));
    const askedMs = await Promise.race([asked.promise, endedEarly]);
    return { ms: askedMs - startMs, cpuMs: cpuMsOf(child.pid as number) };
  } finally {
    child.kill('SIGKILL');
    await ended;
    runtimeApi.closeAllConnections();
    runtimeApi.close();
  }
};

/** Of a process that waits; Linux counts in steps of 10 ms. */
const cpuMsOf = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
};

const compare = async (
  title: string,
  candidates: readonly Candidate[],
  rounds: number,
  measure: (candidate: Candidate) => Promise<Measured>,
): Promise<void> => {
  const runs = candidates.map((candidate) => ({ candidate, measured: [] as Measured[] }));
  // The first time fills the file cache.
  for (const { candidate } of runs) await measure(candidate);
  for (let round = 0; round < rounds; round++)
    for (const { candidate, measured } of runs) measured.push(await measure(candidate));
  const table = new Table({
    style: { head: [], border: [] },
    head: [title, 'ms, median', 'least', 'most', 'CPU ms, median', 'least'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
  });
  for (const { candidate, measured } of runs) {
    const [wall, cpu] = [measured.map(({ ms }) => ms), measured.map(({ cpuMs }) => cpuMs)];
    const row = [median(wall), Math.min(...wall), Math.max(...wall), median(cpu), Math.min(...cpu)];
    table.push([candidate.name, ...row.map((value) => value.toFixed(0))]);
  }
  process.stdout.write(`${table.toString()}\n`);
};

await runProgram(usage, parsed, async (rounds) => {
  const empty = mkdtempSync(join(tmpdir(), 'millrace-init-'));
  writeFileSync(join(empty, 'index.mjs'), 'export const handler = async () => ({});\n');
  const bundles = await buildReferenceBundles();
  const candidates = [
    { name: 'an empty handler', folder: empty },
    ...bundles.map(({ pipeline, folder }) => ({ name: pipeline, folder })),
  ];
  const [runtimeClient] = globSync(
    join(cacheFolder(), 'localstack/runtime-client-*/node_modules/aws-lambda-ric/index.mjs'),
  );
  await compare(`import, ${rounds} processes`, candidates, rounds, importOnce);
  if (runtimeClient !== undefined)
    await compare(`until the first invocation, ${rounds} processes`, candidates, rounds, (one) =>
      startOnce(one, runtimeClient),
    );
  else process.stdout.write("AWS's runtime client is not installed: npm run localstack -- --install\n");
  rmSync(empty, { recursive: true });
  return 0;
});
