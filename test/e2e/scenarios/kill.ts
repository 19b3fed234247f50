import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from 'millrace/testing';
import { revenueOf, type Scenario, type Stage } from '../scenario.ts';

const killsOfEachStage = 3;
const lookEveryMs = 5;
const longestWaitMs = 120;
const giveUpMs = 90_000;

interface Busy {
  readonly pid: number;
  readonly function: string;
  readonly requestId: string;
}

export const kill: Scenario = {
  name: 'kill',
  shows: 'a Lambda process that is killed in the middle of a batch loses nothing and repeats nothing',
  run: async (stage) => {
    const run = revenueOf(stage);
    const kills = await run.traffic.during(() => killAll(stage));
    const { orders } = await run.settle();
    return `${kills.join(', ')}; ${orders} orders`;
  },
};

const killAll = async ({ cloud, localStack, seed, revenue }: Stage): Promise<string[]> => {
  if (localStack === undefined)
    throw new Error('not run: the Lambda processes of this LocalStack are not ours to kill');
  const random = new SeededRandom(seed);
  const table = revenue?.deployment.tables.revenue as string;
  const told: string[] = [];
  for (const { name, stage } of await cloud.functions()) {
    if (stage === undefined || !name.startsWith('MillraceRevenue')) continue;
    const killed = new Set<string>();
    while (killed.size < killsOfEachStage) killed.add(await killDuring(localStack.busyFolder, name, killed, random));
    told.push(`${killsOfEachStage} × ${stage}`);
  }
  if (told.length < 2) throw new Error(`only ${told.length} functions write to ${table}`);
  return told;
};

/** Kills the process of a function some time into an invocation that has not ended by then. @returns the invocation's id */
const killDuring = async (
  folder: string,
  name: string,
  killed: ReadonlySet<string>,
  random: SeededRandom,
): Promise<string> => {
  for (const untilMs = Date.now() + giveUpMs; Date.now() < untilMs; await sleep(lookEveryMs)) {
    const seen = await busyWith(folder, name);
    // That a process is dead takes a moment to be noticed.
    if (seen === undefined || killed.has(seen.requestId)) continue;
    await sleep(random.fraction() * longestWaitMs);
    const still = await busyWith(folder, name);
    if (still?.requestId !== seen.requestId) continue;
    process.kill(seen.pid, 'SIGKILL');
    return seen.requestId;
  }
  throw new Error(`no invocation of ${name} could be hit within ${giveUpMs / 1_000} s`);
};

const busyWith = async (folder: string, name: string): Promise<Busy | undefined> => {
  for (const file of await readdir(folder)) {
    if (!file.endsWith('.json')) continue;
    // It may have ended meanwhile.
    const text = await readFile(join(folder, file), 'utf8').catch(() => undefined);
    const busy = text === undefined ? undefined : (JSON.parse(text) as Busy);
    if (busy?.function === name) return busy;
  }
  return undefined;
};
