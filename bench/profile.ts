/** `node bench/profile.ts`: where the time of Millrace goes, by parts, at one of the bench's works. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import { parseWhole, wholeNumber } from '../localstack/program/parse-whole.ts';
import { runProgram } from '../localstack/program/run-program.ts';
import { writeEvents } from './events/write-events.ts';
import { type CpuProfile, partsOfProfile } from './report/profile-parts.ts';
import { works } from './works/works.ts';

const defaultEvents = 500_000;
const batch = 2_000;

const usage = `Usage: node bench/profile.ts [options]

Runs a work of the bench on Millrace under V8's profiler, with its state in memory, and prints where the time of its invocations goes.

Options:
  --events N     1000 to 10000000 (default ${defaultEvents})
  --work NAME    ${works.map(({ id }) => id).join(', ')} (default ${works[0]?.id})
  --keep DIR     keep the profile there, for Chromium's developer tools
  --help         show this

Exit codes: 0 done, 1 the work failed, 2 wrong arguments.
`;

const parsed = parseWhole(
  process.argv.slice(2),
  { events: { type: 'string' }, work: { type: 'string' }, keep: { type: 'string' } },
  ({ events, work: name, keep }) => {
    const work = name === undefined ? works[0] : works.find(({ id }) => id === name);
    if (work === undefined) {
      throw new Error(`--work is '${name}'; allowed: ${works.map(({ id }) => id).join(', ')}.`);
    }
    return { events: wholeNumber('--events', events, 1_000, 10_000_000) ?? defaultEvents, work: work.id, keep };
  },
);

const tableOf = (parts: ReadonlyMap<string, number>): string => {
  const total = [...parts.values()].reduce((sum, micros) => sum + micros, 0);
  const table = new Table({
    style: { head: [], border: [], compact: true },
    colAligns: ['left', 'right', 'right'],
    head: ['part', 'ms', 'share'],
  });
  for (const [part, micros] of parts) {
    table.push([part, (micros / 1_000).toFixed(0), `${((micros / total) * 100).toFixed(1)} %`]);
  }
  return table.toString();
};

await runProgram(usage, parsed, async ({ events, work, keep }) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-profile-'));
  try {
    const files = { eventsFile: join(folder, 'events.jsonl'), warmUpFile: join(folder, 'warm-up.jsonl') };
    await writeEvents(files.eventsFile, { seed: 1, events });
    await writeEvents(files.warmUpFile, { seed: 1, events: Math.ceil(events / 10) });
    const options = { batch, records: 'plain', containers: 1 };
    const trial = { work, ...files, answerFile: join(folder, 'answer.csv'), options };
    const profiles = keep ?? join(folder, 'profiles');
    const script = join(import.meta.dirname, 'engines/millrace-process.ts');
    const child = spawn(
      process.execPath,
      ['--cpu-prof', '--cpu-prof-dir', profiles, script, JSON.stringify(trial)],
      // Its log lines go nowhere; what it measured goes to the error output.
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    const [code] = await once(child, 'close');
    if (code !== 0) return 1;
    const newest = readdirSync(profiles).sort().at(-1) as string;
    const profile = JSON.parse(readFileSync(join(profiles, newest), 'utf8')) as CpuProfile;
    process.stdout.write(`${tableOf(partsOfProfile(profile))}\n`);
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
