import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import Table from 'cli-table3';
import type { StreamRecord } from '../lib/connectors/stream-port.ts';
import { parseWhole } from '../localstack/program/parse-whole.ts';
import { runProgram } from '../localstack/program/run-program.ts';
import { median } from './median.ts';

/**
 * CPU time for each event from Lambda's event object to the acknowledged commit, everything outside the process in memory. Checkouts are
 * measured in turns, so that their ratio means something on a machine that is busy with other things.
 */

const EVENTS = 300_000;
const WARM_UP = 60_000;
const BATCH = 2_000;
const KEYS = 500;
const ROUNDS = 5;

const usage = `Usage: node bench/hot-path.ts [options]

CPU of an event of a pipeline of two stages, from Lambda's event object to the acknowledged commit, in µs: medians of ${ROUNDS} processes.

Options:
  --beside DIR  another checkout of Millrace, with its packages installed: it takes turns with this one
  --one DIR     measure that one alone, in this process, and print JSON
  --help        show this

Exit codes: 0 done, 1 a process failed, 2 wrong arguments.
`;

const checkout = (name: string, folder: string | undefined): string | undefined => {
  if (folder === undefined || existsSync(join(folder, 'lib/index.ts'))) return folder;
  throw new Error(`${name} is '${folder}'; allowed: the folder of a checkout, with lib/index.ts in it.`);
};

const parsed = parseWhole(
  process.argv.slice(2),
  { beside: { type: 'string' }, one: { type: 'string' } },
  ({ beside, one }) => ({ beside: checkout('--beside', beside), one: checkout('--one', one) }),
);

interface Measured {
  readonly sourceMicros: number;
  readonly keyedMicros: number;
  readonly rows: number;
}

/** Loads the engine of a checkout. All of them have these names. */
const engineOf = async (folder: string) => {
  const load = (path: string) => import(pathToFileURL(resolve(folder, 'lib', path)).href);
  const [index, items, streams, runtime, deadline, events, clock, random, z] = await Promise.all([
    load('index.ts') as Promise<typeof import('../lib/index.ts')>,
    load('memory/memory-item-store.ts') as Promise<typeof import('../lib/memory/memory-item-store.ts')>,
    load('memory/memory-streams.ts') as Promise<typeof import('../lib/memory/memory-streams.ts')>,
    load('runtime/stage-runtime.ts') as Promise<typeof import('../lib/runtime/stage-runtime.ts')>,
    load('runtime/deadline.ts') as Promise<typeof import('../lib/runtime/deadline.ts')>,
    load('lambda/events.ts') as Promise<typeof import('../lib/lambda/events.ts')>,
    load('testing/manual-clock.ts') as Promise<typeof import('../lib/testing/manual-clock.ts')>,
    load('testing/seeded-random.ts') as Promise<typeof import('../lib/testing/seeded-random.ts')>,
    import('zod'),
  ]);
  return { ...index, ...items, ...streams, ...runtime, ...deadline, ...events, ...clock, ...random, z };
};

type Engine = Awaited<ReturnType<typeof engineOf>>;

/** Bids of about 280 bytes, counted for each auction in windows of 10 s. */
const makePipeline = ({ z, ...millrace }: Engine) => {
  const Bid = z.object({
    auction: z.string(),
    bidder: z.number(),
    price: z.number(),
    channel: z.string(),
    url: z.string(),
    at: z.number(),
    extra: z.string(),
  });
  const Count = z.object({ auction: z.string(), startMs: z.number(), bids: z.number() });
  return millrace.definePipeline('hot', { delivery: 'exactly-once' }, (p) => {
    p.source(
      'bids',
      millrace.kinesisSource({
        stream: 'bids',
        schema: Bid,
        eventTimeMs: (bid) => bid.at,
        watermarks: millrace.boundedOutOfOrderness(millrace.seconds(1)),
      }),
    )
      .keyBy('by-auction', (bid) => bid.auction)
      .window('ten', millrace.tumbling(millrace.seconds(10)))
      .aggregate('counts', { bids: millrace.count() })
      .map('row', ({ key, window, value }) => ({ auction: key, startMs: window.startMs, bids: value.bids }))
      .sink('table', millrace.dynamoSink({ table: 'counts', schema: Count, key: ['auction', 'startMs'] }));
  });
};

const bid = (i: number): Buffer =>
  Buffer.from(
    JSON.stringify({
      auction: `auction-${(i * 7_919) % KEYS}`,
      bidder: i % 1_000,
      price: (i * 31) % 10_000,
      channel: `channel-${i % 20}`,
      url: `https://www.example.com/auctions/item.htm?query=1&id=${i}`,
      at: 1_700_000_000_000 + i,
      extra: 'x'.repeat(90),
    }),
  );

const lambdaEvent = (shardId: string, records: readonly StreamRecord[]) => ({
  Records: records.map(({ sequenceNumber, partitionKey, data, arrivalMs }) => ({
    eventID: `${shardId}:${sequenceNumber}`,
    kinesis: {
      sequenceNumber,
      partitionKey,
      data: Buffer.from(data).toString('base64'),
      approximateArrivalTimestamp: arrivalMs / 1_000,
    },
  })),
});

const measure = async (folder: string): Promise<Measured> => {
  const engine = await engineOf(folder);
  const pipeline = makePipeline(engine);
  const clock = new engine.ManualClock(1_700_000_000_000);
  const streams = new engine.MemoryStreams(clock);
  const items = new engine.MemoryItemStore();
  let rows = 0;
  const sink = {
    write: async (written: readonly unknown[]) => {
      rows += written.length;
    },
  };
  const random = new engine.SeededRandom(1);
  const stages = pipeline.plan.stages.map(({ id, input }) => {
    streams.createStream(input.stream, { shards: 1 });
    const ports = { items, streams, sinks: new Map([['table', sink]]), clock, random, observer: {} };
    const options = { pipeline, stage: id, ports, resolveStream: (name: string) => name };
    return {
      stream: input.stream,
      runtime: new engine.StageRuntime(options),
      micros: 0,
      after: undefined as string | undefined,
    };
  });
  const shardId = 'shardId-000000000000';
  for (let from = 0; from < EVENTS; from += BATCH) {
    const entries = Array.from({ length: BATCH }, (_, i) => ({ partitionKey: 'p', data: bid(from + i) }));
    await streams.putRecords('bids', entries);
    for (const stage of stages) {
      const start =
        stage.after === undefined
          ? { at: 'trim-horizon' as const }
          : { at: 'after' as const, sequenceNumber: stage.after };
      const { records } = await (await streams.openReader(stage.stream, shardId, start)).next(10_000);
      if (records.length === 0) continue;
      stage.after = records.at(-1)?.sequenceNumber;
      const event = lambdaEvent(shardId, records);
      const before = process.cpuUsage();
      const request = engine.parseEvent(event, clock.nowMs());
      if (request.kind !== 'batch') throw new Error('a batch is taken for a tick');
      await stage.runtime.processBatch(request.shardId, request.records, engine.Deadline.in(clock, 60_000));
      const { user, system } = process.cpuUsage(before);
      if (from >= WARM_UP) stage.micros += user + system;
      streams.forget(stage.stream);
    }
    clock.advance(1_000);
  }
  const [source, keyed] = stages;
  const perEvent = (micros = 0) => micros / (EVENTS - WARM_UP);
  return { sourceMicros: perEvent(source?.micros), keyedMicros: perEvent(keyed?.micros), rows };
};

const measureInChild = (folder: string): Measured => {
  const script = fileURLToPath(import.meta.url);
  const child = spawnSync(process.execPath, [script, '--one', folder], { encoding: 'utf8' });
  if (child.status !== 0)
    throw new Error(`the measurement of ${folder} failed: ${child.stderr.trim().split('\n').at(-1)}`);
  return JSON.parse(child.stdout) as Measured;
};

const compare = (folders: readonly string[]): void => {
  const runs = folders.map((folder) => ({ folder, measured: [] as Measured[] }));
  for (let round = 0; round < ROUNDS; round++) for (const run of runs) run.measured.push(measureInChild(run.folder));
  const table = new Table({
    style: { head: [], border: [] },
    head: ['checkout', 'source, µs/event', 'keyed, µs/event', 'both', 'ratio', 'rows'],
  });
  const sum = ({ sourceMicros, keyedMicros }: Measured) => sourceMicros + keyedMicros;
  const base = median((runs[0]?.measured ?? []).map(sum));
  for (const { folder, measured } of runs) {
    const both = median(measured.map(sum));
    table.push([
      folder,
      median(measured.map(({ sourceMicros }) => sourceMicros)).toFixed(2),
      median(measured.map(({ keyedMicros }) => keyedMicros)).toFixed(2),
      both.toFixed(2),
      (both / base).toFixed(2),
      measured[0]?.rows,
    ]);
  }
  process.stdout.write(`${table.toString()}\n`);
};

await runProgram(usage, parsed, async ({ beside, one }) => {
  if (one !== undefined) process.stdout.write(JSON.stringify(await measure(one)));
  else compare(['.', ...(beside === undefined ? [] : [beside])]);
  return 0;
});
