/** `node bench/flat-commits.ts`: what a commit costs as more and more keys are stored and the same number of them changes. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import Table from 'cli-table3';
import { groupDigits } from '../lib/core/text-table.ts';
import { parseWhole, wholeNumber } from '../localstack/program/parse-whole.ts';
import { runProgram } from '../localstack/program/run-program.ts';
import type { CountingAnswer, CountingOptions, CountingRequest } from './engines/counting-process.ts';
import { median } from './median.ts';
import type { StageCost } from './state/counting-job.ts';

const touchedKeys = 500;
const eventsOfEach = 4;
const events = touchedKeys * eventsOfEach;
const leastStored = 1_000;
/** A snapshot is written after so many commits. */
const commitsInRound = 64;
const warmUpRounds = 3;
const defaultRounds = 9;

const usage = `Usage: node bench/flat-commits.ts [options]

Counts keys in a window that stays open, in batches of ${events} events on ${touchedKeys} keys that are drawn from all that are stored: ${leastStored} in one
process, ten times as many in the next, and so on. In turns each makes ${commitsInRound} commits, the last of them with a snapshot. State is in
memory, all of it in use. Prints what a commit of the keyed stage weighs, the write units of both
stages (an UpdateItem for each event takes 1,000), and what an event costs of a processor. Its ratio is that of a round, of the rounds
the one in the middle, with the least and the most.

Options:
  --keys N      the most keys stored, ${leastStored} to 10000000 (default 1000000)
  --rounds N    1 to 1000 (default ${defaultRounds})
  --loaded      in new containers, which load what is stored before they count on
  --profile DIR write a profile of each process there, for Chromium's developer tools
  --help        show this

Exit codes: 0 done, 1 a process failed, 2 wrong arguments.
`;

const parsed = parseWhole(
  process.argv.slice(2),
  { keys: { type: 'string' }, rounds: { type: 'string' }, loaded: { type: 'boolean' }, profile: { type: 'string' } },
  ({ keys, rounds, loaded, profile }) => ({
    mostKeys: wholeNumber('--keys', keys, leastStored, 10_000_000) ?? 1_000_000,
    rounds: wholeNumber('--rounds', rounds, 1, 1_000) ?? defaultRounds,
    loaded: loaded === true,
    profile,
  }),
);

interface Container {
  readonly storedKeys: number;
  readonly child: ChildProcess;
  /** Of each round the commits. */
  readonly rounds: CountingAnswer[];
}

const start = (storedKeys: number, loaded: boolean, profile: string | undefined): Container => {
  const options: CountingOptions = { storedKeys, touchedKeys, eventsOfEach, loaded };
  const child = fork(join(import.meta.dirname, 'engines/counting-process.ts'), [JSON.stringify(options)], {
    execArgv: profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', join(profile, String(storedKeys))],
  });
  return { storedKeys, child, rounds: [] };
};

const commit = async ({ child }: Container): Promise<CountingAnswer> => {
  const over = new AbortController();
  const { signal } = over;
  try {
    const answered = once(child, 'message', { signal }).then(([answer]) => answer as CountingAnswer);
    const ended = once(child, 'exit', { signal }).then(() => Promise.reject(new Error('a process ended early')));
    child.send({ commits: commitsInRound } satisfies CountingRequest);
    return await Promise.race([answered, ended]);
  } finally {
    over.abort();
  }
};

interface Measured {
  readonly payloadBytes: number;
  /** Of both stages, for 1,000 events; those of snapshots, too. */
  readonly writeUnits: number;
  /** CPU µs an event. */
  readonly source: number;
  readonly keyed: number;
  readonly keyedWithSnapshots: number;
  readonly snapshotMs: number;
  readonly longestMs: number;
}

const summarize = (costs: CountingAnswer): Measured => {
  const [source, keyed] = [0, 1].map((stage) => costs.map((commit) => commit[stage] as StageCost)) as [
    StageCost[],
    StageCost[],
  ];
  const microsOf = (of: readonly StageCost[]) => of.map(({ cpuMicros }) => cpuMicros);
  const withSnapshot = microsOf(keyed.filter(({ snapshot }) => snapshot));
  return {
    payloadBytes: median(keyed.map(({ payloadBytes }) => payloadBytes)),
    writeUnits:
      ([...source, ...keyed].reduce((sum, { writeUnits }) => sum + writeUnits, 0) / keyed.length / events) * 1_000,
    source: median(microsOf(source)) / events,
    keyed: median(microsOf(keyed.filter(({ snapshot }) => !snapshot))) / events,
    keyedWithSnapshots: microsOf(keyed).reduce((sum, micros) => sum + micros, 0) / keyed.length / events,
    snapshotMs: median(withSnapshot) / 1_000,
    longestMs: Math.max(...withSnapshot) / 1_000,
  };
};

/** CPU of an event in one container, in another's: the machine's pace changes, so only what is of one round is compared. */
const timesOf = (container: Container, other: Container): string => {
  const micros = ({ rounds }: Container) =>
    rounds.map((costs) => {
      const { source, keyed } = summarize(costs);
      return source + keyed;
    });
  const others = micros(other);
  const times = micros(container).map((one, round) => one / (others[round] as number));
  return `${median(times).toFixed(2)} (${Math.min(...times).toFixed(2)} to ${Math.max(...times).toFixed(2)})`;
};

const tableOf = (containers: readonly Container[]): string => {
  const head = [
    'stored keys',
    'commit, bytes',
    'ratio',
    'units/1,000 events',
    'source, µs/event',
    'keyed, µs/event',
    'both, ratio of a round',
    'keyed with snapshots',
    'with a snapshot, ms',
    'the longest, ms',
  ];
  const table = new Table({
    style: { head: [], border: [], compact: true },
    colAligns: head.map(() => 'right'),
    head,
  });
  const [first] = containers as readonly [Container];
  const { payloadBytes } = summarize(first.rounds.flat());
  for (const container of containers) {
    const measured = summarize(container.rounds.flat());
    table.push([
      groupDigits(container.storedKeys),
      groupDigits(measured.payloadBytes),
      (measured.payloadBytes / payloadBytes).toFixed(2),
      measured.writeUnits.toFixed(2),
      measured.source.toFixed(2),
      measured.keyed.toFixed(2),
      timesOf(container, first),
      measured.keyedWithSnapshots.toFixed(2),
      measured.snapshotMs.toFixed(0),
      measured.longestMs.toFixed(0),
    ]);
  }
  return table.toString();
};

await runProgram(usage, parsed, async ({ mostKeys, rounds, loaded, profile }) => {
  const containers: Container[] = [];
  try {
    for (let storedKeys = leastStored; storedKeys <= mostKeys; storedKeys *= 10)
      containers.push(start(storedKeys, loaded, profile));
    for (let round = -warmUpRounds; round < rounds; round++) {
      for (const container of containers) {
        const costs = await commit(container);
        if (round >= 0) container.rounds.push(costs);
      }
    }
    process.stdout.write(`${tableOf(containers)}\n`);
    return 0;
  } finally {
    for (const { child } of containers) if (child.connected) child.disconnect();
  }
});
