/** `node bench/growth.ts`: whether a container that works at full rate for a long time comes to use more. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import Table from 'cli-table3';
import { groupDigits } from '../lib/core/text-table.ts';
import { parseWhole, wholeNumber } from '../localstack/program/parse-whole.ts';
import { runProgram } from '../localstack/program/run-program.ts';
import type { GrowthOptions, GrowthSample } from './engines/growth-process.ts';
import { works } from './works/works.ts';

const defaultSeconds = 600;
const parts = 10;
const batch = 2_000;

const usage = `Usage: node bench/growth.ts [options]

Gives a work of the bench batch after batch to Millrace, all stages in one process, its state in memory, and prints what each tenth
of the time has in use at its end, after a collection of garbage, and how much of a processor an event has cost.

Options:
  --seconds N    10 to 86400 (default ${defaultSeconds})
  --work NAME    ${works.map(({ id }) => id).join(', ')} (default ${works[0]?.id})
  --help         show this

Exit codes: 0 done, 1 the work failed, 2 wrong arguments.
`;

const parsed = parseWhole(
  process.argv.slice(2),
  { seconds: { type: 'string' }, work: { type: 'string' } },
  ({ seconds, work: name }): GrowthOptions => {
    const work = name === undefined ? works[0] : works.find(({ id }) => id === name);
    if (work === undefined) {
      throw new Error(`--work is '${name}'; allowed: ${works.map(({ id }) => id).join(', ')}.`);
    }
    return {
      work: work.id,
      seconds: wholeNumber('--seconds', seconds, parts, 86_400) ?? defaultSeconds,
      parts,
      batch,
      records: 'plain',
    };
  },
);

const columns = [
  'until, s',
  'events',
  'rows',
  'CPU µs/event',
  'heap, MB',
  'buffers, MB',
  'resident, MB',
  'items in the table',
  'their MB',
] as const;

const cellsOf = ({ seconds, events, rows, cpuMicros, memory, table }: GrowthSample): readonly number[] => [
  seconds,
  events,
  rows,
  cpuMicros / events,
  memory.heapBytes / 1e6,
  memory.bufferBytes / 1e6,
  memory.residentBytes / 1e6,
  table.items,
  table.bytes / 1e6,
];

const digits = [0, 0, 0, 2, 1, 1, 0, 0, 2];

const tableOf = (samples: readonly GrowthSample[]): string => {
  const table = new Table({
    style: { head: [], border: [], compact: true },
    colAligns: columns.map(() => 'right'),
    head: [...columns],
  });
  for (const sample of samples) {
    table.push(
      cellsOf(sample).map((cell, i) => (digits[i] === 0 ? groupDigits(Math.round(cell)) : cell.toFixed(digits[i]))),
    );
  }
  // The first part has the warming up in it.
  const [second, last] = [samples[1], samples.at(-1)].map((sample) => cellsOf(sample as GrowthSample));
  const ratios = columns.map((_, i) => (last?.[i] ?? 0) / (second?.[i] ?? 1));
  table.push(['last ÷ second', ...ratios.slice(1).map((ratio) => (Number.isFinite(ratio) ? ratio.toFixed(2) : '—'))]);
  return table.toString();
};

await runProgram(usage, parsed, async (options) => {
  const child = fork(join(import.meta.dirname, 'engines/growth-process.ts'), [JSON.stringify(options)], {
    execArgv: [],
    // Its log lines go nowhere, as Lambda's go to where they cost the process nothing.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const samples: GrowthSample[] = [];
  child.on('message', (sample) => samples.push(sample as GrowthSample));
  const [code] = await once(child, 'close');
  if (code !== 0) return 1;
  process.stdout.write(`${options.work}, batches of ${batch}\n${tableOf(samples)}\n`);
  return 0;
});
