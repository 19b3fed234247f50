/** `node bench/latency.ts`: how long a record takes until its row can be read, and how much of that is Millrace's. */
import { setTimeout as sleep } from 'node:timers/promises';
import Table from 'cli-table3';
import { deployLocally } from 'millrace/local';
import type { Pipeline } from '../lib/graph/pipeline.ts';
import { type Engines, startEngines } from '../lib/local/engines/start-engines.ts';
import { SeededRandom } from '../lib/testing/seeded-random.ts';
import { parseWhole, wholeNumber } from '../localstack/program/parse-whole.ts';
import { runProgram } from '../localstack/program/run-program.ts';
import * as pipelines from './latency/pipelines.ts';
import { PlainRelay } from './latency/plain-relay.ts';
import { RowTable } from './latency/row-table.ts';
import { quantile } from './quantile.ts';

const defaultRecords = 300;
const defaultPollMs = 200;
const warmUp = 20;

const usage = `Usage: node bench/latency.ts [options]

Puts one record after the other and waits for each until its row can be read from the table, in turns through Millrace on the embedded
engines and through nothing but the plain SDK calls that any pipeline with a hop needs: put, poll, put, poll, put the row. The difference is
what Millrace adds. With a window the record is the one that moves the watermark past the window's end.

Options:
  --records N      of each, 10 to 100000 (default ${defaultRecords})
  --poll-ms N      pause between two polls of a shard, 1 to 10000 (default ${defaultPollMs}, which is the local mapping's)
  --containers N   of each stage; which of them gets a batch is drawn. 1 to 10 (default 1)
  --help           show this

Exit codes: 0 done, 2 wrong arguments.
`;

const parsed = parseWhole(
  process.argv.slice(2),
  { records: { type: 'string' }, 'poll-ms': { type: 'string' }, containers: { type: 'string' } },
  ({ records, containers, 'poll-ms': pollMs }) => ({
    records: wholeNumber('--records', records, 10, 100_000) ?? defaultRecords,
    pollMs: wholeNumber('--poll-ms', pollMs, 1, 10_000) ?? defaultPollMs,
    containers: wholeNumber('--containers', containers, 1, 10) ?? 1,
  }),
);

interface Options {
  readonly records: number;
  readonly pollMs: number;
  readonly containers: number;
}

interface Latencies {
  readonly millrace: number[];
  readonly plain: number[];
}

const random = new SeededRandom(1);
const entry = new URL('./latency/handlers.ts', import.meta.url);
const firstMs = 1_767_225_600_000;

const timed = async (run: () => Promise<void>): Promise<number> => {
  const startMs = performance.now();
  await run();
  return performance.now() - startMs;
};

/** @param rowAt which row a record lets appear, by its time */
const measure = async (
  engines: Engines,
  name: 'direct' | 'windowed',
  pipeline: Pipeline,
  rowAt: (at: number) => number,
  { records, pollMs, containers }: Options,
): Promise<Latencies> => {
  const deployment = await deployLocally(pipeline, {
    entry,
    exportName: name,
    engines,
    shards: 1,
    containers,
    prefix: `${name}-`,
    tickIntervalMs: 0,
    mapping: { pollIntervalMs: pollMs },
  });
  const relay = await PlainRelay.start(engines.clients, `${name}-plain-`, pollMs);
  try {
    const rows = new RowTable(engines.clients.dynamo, deployment.names.tables.rows as string);
    const latencies: Latencies = { millrace: [], plain: [] };
    for (let i = -warmUp; i < records; i++) {
      const at = firstMs + (warmUp + i) * pipelines.windowMs;
      const reading = { sensor: 's', at, value: 1 };
      const millrace = async () => {
        await deployment.put('readings', [reading]);
        if (i > -warmUp) await rows.untilThere('s', rowAt(at));
      };
      const plain = async () => {
        await relay.put(reading);
        await relay.table.untilThere('s', at);
      };
      // So that a record comes at any moment between two polls.
      await sleep(random.fraction() * pollMs);
      const ofMillrace = await timed(millrace);
      await sleep(random.fraction() * pollMs);
      const ofPlain = await timed(plain);
      if (i < 0) continue;
      latencies.millrace.push(ofMillrace);
      latencies.plain.push(ofPlain);
    }
    return latencies;
  } finally {
    await relay.stop();
    await deployment.stop();
  }
};

const percent = [50, 90, 99] as const;

const rowsOf = (name: string, { millrace, plain }: Latencies): string[][] => {
  const of = (values: readonly number[]) => percent.map((p) => quantile(values, p / 100));
  const [ours, theirs] = [of(millrace), of(plain)];
  const added = ours.map((value, i) => value - (theirs[i] as number));
  const cells = (values: readonly number[]) => values.map((value) => value.toFixed(0));
  return [
    [name, 'through Millrace', ...cells(ours)],
    ['', 'put, poll, put, poll, put', ...cells(theirs)],
    ['', 'added', ...cells(added)],
    ['', 'added, a hop', ...cells(added.map((value) => value / 2))],
  ];
};

await runProgram(usage, parsed, async (options) => {
  const engines = await startEngines();
  try {
    const direct = await measure(engines, 'direct', pipelines.direct, (at) => at, options);
    const windowed = await measure(engines, 'windowed', pipelines.windowed, (at) => at - pipelines.windowMs, options);
    const table = new Table({
      style: { head: [], border: [], compact: true },
      colAligns: ['left', 'left', 'right', 'right', 'right'],
      head: ['pipeline', 'ms', ...percent.map((p) => `p${p}`)],
    });
    table.push(...rowsOf('filter and map', direct), ...rowsOf('window', windowed));
    process.stdout.write(
      `${options.records} records each, polls every ${options.pollMs} ms, ${options.containers} containers of each stage\n${table.toString()}\n`,
    );
    return 0;
  } finally {
    await engines.stop();
  }
});
