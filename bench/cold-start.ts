/**
 * `node bench/cold-start.ts`: a cold start on a state of 1, 10 and 100 MB, until the first commit is made, where it touches one partition or
 * all of them; beside it, how long the same bytes take to be fetched and nothing else.
 */
import Table from 'cli-table3';
import { DynamoItemStore } from '../lib/aws/dynamo-item-store.ts';
import { BlobStore } from '../lib/commit/blob-store.ts';
import { CommitLog } from '../lib/commit/commit-log.ts';
import type { TaskShape } from '../lib/commit/committed-state.ts';
import { emptyOutbox } from '../lib/commit/outbox.ts';
import { createStateTable } from '../lib/local/engines/resources.ts';
import { startEngines } from '../lib/local/engines/start-engines.ts';
import { MemoryItemStore } from '../lib/memory/memory-item-store.ts';
import { TaskStore } from '../lib/runtime/task-store.ts';
import type { ItemKey, ItemStore, StoreRequest } from '../lib/state/item-store.ts';
import type { EntryChange } from '../lib/state/state-table.ts';
import { SeededRandom } from '../lib/testing/seeded-random.ts';
import { parseWhole, wholeNumber } from '../localstack/program/parse-whole.ts';
import { runProgram } from '../localstack/program/run-program.ts';
import { fetchBest } from './cold-start/fetch-items.ts';
import { RecordedReads } from './cold-start/recorded-reads.ts';
import { median } from './median.ts';

const PARTITIONS = 64;
const PANE_BYTES = 100;
const ROUNDS = 5;
const PANES_PER_COMMIT = 20_000;
/** A snapshot is due after twice as many: by their text, which is 1.3 MB each. */
const TAIL_COMMITS = 3;
const UNIT = 'bench/1/by-key/bench@0/shard';

const shape: TaskShape = {
  tables: [{ id: 'panes', timerMs: (value) => (value as readonly [string, number])[1] + 60_000 }],
  partitions: PARTITIONS,
  owned: { from: 0, to: PARTITIONS - 1 },
  producers: [],
  destinations: [],
  epochs: { epoch: 1, from: () => undefined },
};

const random = new SeededRandom(7);
const requests: StoreRequest[] = [];

const makeStore = (items: ItemStore): TaskStore => {
  const blobs = new BlobStore({ items }, UNIT);
  return new TaskStore(new CommitLog(UNIT, items, blobs, random), blobs, shape, {});
};

const append = async (store: TaskStore, changes: readonly EntryChange[]): Promise<void> => {
  const n = store.state.head.n + 1;
  const position = { sequenceNumber: String(n), arrivalMs: n, emptyAsOfMs: 0 };
  const header = { n, attemptId: random.uniqueId(), epoch: 1, kind: 'batch' as const, position, watermarkMs: n };
  const body = { changes, marks: [], excluded: false, rejections: { records: 0, rejected: 0 }, outbox: emptyOutbox };
  const { applied } = await store.append({ header, body }, () => undefined);
  if (!applied) throw new Error('the only writer lost a race');
};

/** A pane as a window stores it: key, start, accumulators. */
const pane = (i: number): EntryChange => {
  const key = `customer-${i}`;
  const value = [
    key,
    1_700_000_000_000 + (i % 60) * 60_000,
    [random.fraction() * 1_000, i % 97, `order-${i * 7919}`],
    1,
  ];
  return { lp: i % PARTITIONS, table: 0, key: `${value[1]}|"${key}"`, value };
};

const fill = async (items: ItemStore, megabytes: number): Promise<void> => {
  const store = makeStore(items);
  await store.create(undefined);
  await store.load();
  const panes = Math.round((megabytes * 1e6) / PANE_BYTES);
  for (let from = 0; from < panes; from += PANES_PER_COMMIT) {
    const count = Math.min(PANES_PER_COMMIT, panes - from);
    await append(
      store,
      Array.from({ length: count }, (_, i) => pane(from + i)),
    );
    await store.snapshotIfDue(() => undefined);
  }
  // From the next snapshot on, half of what lies between two.
  while (!(await store.snapshotIfDue(() => undefined))) await append(store, []);
  for (let commit = 0; commit < TAIL_COMMITS; commit++) {
    const changed = Array.from({ length: Math.min(PANES_PER_COMMIT, panes) }, () =>
      pane(Math.floor(random.fraction() * panes)),
    );
    await append(store, [...new Map(changed.map((change) => [change.key, change])).values()]);
  }
};

interface Start {
  readonly touched: number;
  readonly ms: number;
  readonly readUnits: number;
  /** Of the state then; bytes. */
  readonly memory: number;
  /** Of the same items, in the best way of those that were tried; ms. */
  readonly fetchMs: number | undefined;
}

const start = async (items: ItemStore, touched: number): Promise<Omit<Start, 'fetchMs'>> => {
  requests.length = 0;
  const startMs = performance.now();
  const store = makeStore(items);
  await store.load();
  await store.loadAll((lp) => lp < touched);
  await append(
    store,
    Array.from({ length: touched }, (_, i) => pane(i)),
  );
  const ms = performance.now() - startMs;
  const readUnits = requests.reduce((sum, request) => sum + request.readUnits, 0);
  return { touched, ms, readUnits, memory: store.bytes };
};

/** An empty table, and how to fetch items of it. */
interface Place {
  readonly items: ItemStore;
  readonly fetch: ((keys: readonly ItemKey[]) => Promise<number>) | undefined;
}

const measure = async ({ items, fetch }: Place, touched: number): Promise<Start> => {
  const reads = new RecordedReads(items);
  await start(reads, touched);
  const starts: Omit<Start, 'fetchMs'>[] = [];
  const fetches: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    starts.push(await start(items, touched));
    if (fetch !== undefined) fetches.push(await fetch(reads.keys));
  }
  const [first] = starts as [Start];
  return {
    ...first,
    ms: median(starts.map(({ ms }) => ms)),
    fetchMs: fetch === undefined ? undefined : median(fetches),
  };
};

const run = async (name: string, makePlace: () => Promise<Place>, sizes: readonly number[]): Promise<void> => {
  const head = ['state, MB', 'partitions', 'first commit, ms', 'to fetch it, ms', 'ratio', 'KB read', 'memory, MB'];
  const table = new Table({ style: { head: [], border: [], compact: true }, colAligns: head.map(() => 'right'), head });
  for (const megabytes of sizes) {
    const place = await makePlace();
    await fill(place.items, megabytes);
    for (const touched of [1, PARTITIONS]) {
      const { ms, fetchMs, readUnits, memory } = await measure(place, touched);
      table.push([
        megabytes,
        touched === PARTITIONS ? 'all' : touched,
        ms.toFixed(0),
        fetchMs?.toFixed(0) ?? '—',
        fetchMs === undefined ? '—' : (ms / fetchMs).toFixed(2),
        readUnits * 4,
        (memory / 1e6).toFixed(1),
      ]);
    }
  }
  process.stdout.write(
    `${name}: ${PARTITIONS} partitions, panes of about ${PANE_BYTES} bytes of JSON, median of ${ROUNDS}\n${table.toString()}\n`,
  );
};

const usage = `Usage: node bench/cold-start.ts [options]

Fills a log with state, begins anew on it and prints how long that takes until the first commit, how much is read, and how long the same
items take to be fetched with plain SDK calls in the best way of several.

Options:
  --sizes A,B    megabytes of JSON, each 1 to 1000 (default 1,10,100)
  --memory       only in memory, without an engine
  --help         show this

Exit codes: 0 done, 2 wrong arguments.
`;

const parsed = parseWhole(
  process.argv.slice(2),
  { sizes: { type: 'string' }, memory: { type: 'boolean', default: false } },
  ({ sizes = '1,10,100', memory }) => ({
    sizes: sizes.split(',').map((size) => wholeNumber('--sizes', size.trim(), 1, 1_000) as number),
    memory,
  }),
);

const observer = (request: StoreRequest) => requests.push(request);

await runProgram(usage, parsed, async ({ sizes, memory }) => {
  await run('in memory', async () => ({ items: new MemoryItemStore({ observer }), fetch: undefined }), sizes);
  if (memory) return 0;
  const engines = await startEngines();
  const { dynamo: client } = engines.clients;
  let tables = 0;
  try {
    await run(
      'embedded DynamoDB engine',
      async () => {
        const tableName = `cold-start-${++tables}`;
        await createStateTable(client, tableName);
        const items = new DynamoItemStore({ client, tableName, observer });
        return { items, fetch: (keys) => fetchBest(client, tableName, keys) };
      },
      sizes,
    );
    return 0;
  } finally {
    await engines.stop();
  }
});
