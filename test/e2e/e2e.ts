/** `npm run e2e`: what users deploy, deployed and tried. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import { showInstallProgress } from '../../localstack/host/install-progress.ts';
import { type RunningLocalStack, startLocalStack } from '../../localstack/host/start-localstack.ts';
import { freePort } from '../../localstack/program/free-port.ts';
import { runProgram } from '../../localstack/program/run-program.ts';
import { type E2eOptions, parseE2eArguments, usageOf } from './arguments.ts';
import { Cdk } from './cdk.ts';
import { Cli } from './cli.ts';
import { Cloud } from './cloud.ts';
import { requireLoopback } from './endpoint.ts';
import { type Outcome, runScenarios } from './run-scenarios.ts';
import type { Scenario } from './scenario.ts';
import { back } from './scenarios/back.ts';
import { deploy } from './scenarios/deploy.ts';
import { destroy } from './scenarios/destroy.ts';
import { flow } from './scenarios/flow.ts';
import { kill } from './scenarios/kill.ts';
import { nextRelease } from './scenarios/next-release.ts';
import { packed } from './scenarios/packed.ts';
import { poisonRecords } from './scenarios/poison.ts';
import { reshard } from './scenarios/reshard.ts';
import { tick } from './scenarios/tick.ts';
import { upgrade } from './scenarios/upgrade.ts';

const scenarios: readonly Scenario[] = [
  deploy,
  flow,
  poisonRecords,
  kill,
  tick,
  nextRelease,
  upgrade,
  back,
  packed,
  reshard,
  destroy,
];

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const main = async (options: E2eOptions): Promise<number> => {
  const given = process.env.AWS_ENDPOINT_URL;
  const endpoint = given === undefined || given === '' ? undefined : requireLoopback(given);
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());
  const localStack = endpoint === undefined ? await startOwn(interrupt.signal) : undefined;
  try {
    return await run(options, endpoint ?? (localStack as RunningLocalStack).endpoint, localStack, interrupt.signal);
  } finally {
    await localStack?.stop();
  }
};

const startOwn = async (signal: AbortSignal): Promise<RunningLocalStack> => {
  const progress = showInstallProgress();
  const onStart = () => say('Starting LocalStack …');
  const port = await freePort();
  return startLocalStack({ port, signal, onPart: progress.onPart, onStart }).finally(() => progress.stop());
};

const run = async (
  { seed, only }: E2eOptions,
  endpoint: string,
  localStack: RunningLocalStack | undefined,
  signal: AbortSignal,
): Promise<number> => {
  say(`LocalStack on ${endpoint}, seed ${seed}`);
  const folder = await mkdtemp(join(tmpdir(), 'millrace-e2e-'));
  const cloud = new Cloud(endpoint);
  try {
    const stage = {
      cloud,
      cdk: new Cdk(cloud, folder, signal),
      cli: new Cli(cloud, folder, signal),
      localStack,
      seed,
      signal,
    };
    const asked = scenarios.filter(
      (scenario) => only === undefined || scenario === deploy || only.includes(scenario.name),
    );
    const wanted = new Set(asked.flatMap(withNeeded));
    const running = runScenarios(scenarios, stage, (scenario) => wanted.has(scenario), say);
    const outcomes = await Promise.race([running, interrupted(signal)]);
    if (outcomes === undefined) return 130;
    printTable(outcomes);
    return outcomes.every(({ verdict }) => verdict === 'shown') ? 0 : 1;
  } finally {
    cloud.clients.destroy();
    await rm(folder, { recursive: true, force: true });
  }
};

const withNeeded = (scenario: Scenario): readonly Scenario[] =>
  scenario.after === undefined ? [scenario] : [...withNeeded(scenario.after), scenario];

const interrupted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined)));

const printTable = (outcomes: readonly Outcome[]): void => {
  const table = new Table({
    head: ['', 'what', 'seen', 'seconds'],
    colWidths: [12, 44, 60, 9],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const { scenario, verdict, evidence, seconds } of outcomes) {
    table.push([verdict, scenario.shows, evidence, seconds.toFixed(0)]);
  }
  say(`\n${table.toString()}`);
  const shown = outcomes.filter(({ verdict }) => verdict === 'shown').length;
  say(`${shown} of ${outcomes.length} shown`);
};

const names = scenarios.map(({ name }) => name);
await runProgram(usageOf(scenarios), parseE2eArguments(process.argv.slice(2), names), main);
