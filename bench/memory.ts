/** `node bench/memory.ts`: memory for each key and pane of a count, beside a plain Map and beside what Millrace reckons. */
import Table from 'cli-table3';
import { groupDigits } from '../lib/core/text-table.ts';
import { entryBytes } from '../lib/state/entry-size.ts';
import { parseWhole, wholeNumber } from '../localstack/program/parse-whole.ts';
import { runProgram } from '../localstack/program/run-program.ts';
import { memoryInUse } from './report/memory.ts';
import { keyOf, windowStartMs } from './state/count-keys.ts';
import { CountingJob } from './state/counting-job.ts';

const leastKeys = 10_000;
const countedAtOnce = 5_000;

const usage = `Usage: node bench/memory.ts [options]

Counts keys of 13 letters in a window that stays open, so that each has one pane, and prints the bytes of V8's heap that a key takes when
garbage is collected: in a plain Map, in a container that has counted them, and in one that has loaded them and counted every hundredth
again; what finds those that are loaded, about 14 bytes each, is beside the heap. ${groupDigits(leastKeys)} keys first,
ten times as many next, and so on.

Options:
  --keys N    the most keys, ${leastKeys} to 10000000 (default 1000000)
  --help      show this

Exit codes: 0 done, 2 wrong arguments.
`;

const parsed = parseWhole(process.argv.slice(2), { keys: { type: 'string' } }, ({ keys }) => ({
  mostKeys: wholeNumber('--keys', keys, leastKeys, 10_000_000) ?? 1_000_000,
}));

/** Counts each key once. @param stepKeys every so many of them is counted */
const countAll = async (job: CountingJob, keys: number, stepKeys = 1): Promise<void> => {
  for (let i = 0; i < keys; i += countedAtOnce * stepKeys) {
    const count = Math.min(countedAtOnce, Math.ceil((keys - i) / stepKeys));
    await job.count(Array.from({ length: count }, (_, k) => keyOf(i + k * stepKeys)));
  }
};

/** Bytes of heap for each key of a plain Map. */
const ofPlainMap = (keys: number): number => {
  const before = memoryInUse().heapBytes;
  const map = new Map<string, number>();
  for (let i = 0; i < keys; i++) map.set(keyOf(i), 1);
  const bytes = memoryInUse().heapBytes - before;
  // It is in use until here.
  return bytes / map.size;
};

/** Bytes of heap for each key in a container that has counted it, and in one that has loaded it. */
const ofMillrace = async (keys: number): Promise<{ readonly counted: number; readonly loaded: number }> => {
  const job = new CountingJob();
  await countAll(job, countedAtOnce);
  job.restart();
  const before = memoryInUse().heapBytes;
  await countAll(job, keys);
  await job.settle();
  const counted = memoryInUse().heapBytes - before;
  job.restart();
  // One key in a hundred is in every partition, and brings the others of its partition with it.
  await countAll(job, keys, 100);
  await job.settle();
  const loaded = memoryInUse().heapBytes - before;
  return { counted: counted / keys, loaded: loaded / keys };
};

const estimate = (): number => {
  const key = keyOf(0);
  return entryBytes(`${windowStartMs}|${JSON.stringify(key)}`, [key, windowStartMs, [1], 1]);
};

await runProgram(usage, parsed, async ({ mostKeys }) => {
  const head = ['keys', 'Map<string, number>', 'counted', 'reckoned', 'reckoned ÷ counted', 'loaded', 'loaded ÷ Map'];
  const table = new Table({
    style: { head: [], border: [], compact: true },
    colAligns: head.map(() => 'right'),
    head,
  });
  ofPlainMap(leastKeys);
  await ofMillrace(leastKeys);
  for (let keys = leastKeys; keys <= mostKeys; keys *= 10) {
    const plain = ofPlainMap(keys);
    const { counted, loaded } = await ofMillrace(keys);
    const bytes = [plain, counted, estimate()].map((value) => value.toFixed(0));
    table.push([
      groupDigits(keys),
      ...bytes,
      (estimate() / counted).toFixed(2),
      loaded.toFixed(0),
      (loaded / plain).toFixed(1),
    ]);
  }
  process.stdout.write(`bytes of heap a key\n${table.toString()}\n`);
  return 0;
});
