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
import type { ItemStore, StoreRequest } from '../lib/state/item-store.ts';
import type { EntryChange } from '../lib/state/state-table.ts';
import { SeededRandom } from '../lib/testing/seeded-random.ts';
import { median } from './median.ts';

/**
 * A cold start on a state of 1, 10 and 100 MB: until the first commit is made, where it touches one partition or all of them.
 * `node bench/cold-start.ts`; sizes in MB as arguments, the last one `memory` for no engine.
 */

const PARTITIONS = 64;
const PANE_BYTES = 100;
const UNIT = 'bench/1/by-key/bench@0/shard';

const shape: TaskShape = {
  tables: [{ id: 'panes', timerMs: () => undefined }],
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
  for (let from = 0; from < panes; from += 20_000) {
    const count = Math.min(20_000, panes - from);
    await append(
      store,
      Array.from({ length: count }, (_, i) => pane(from + i)),
    );
    await store.snapshotIfDue(() => undefined);
  }
  while (store.state.head.n % 64 !== 0) await append(store, []);
  await store.snapshotIfDue(() => undefined);
};

const measure = async (items: ItemStore, touched: number) => {
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
  return { ms, readUnits, memory: store.bytes };
};

const run = async (name: string, makeItems: () => Promise<ItemStore>, sizes: readonly number[]): Promise<void> => {
  const table = new Table({
    head: ['state, MB', 'partitions touched', 'first commit, ms', 'read units', 'KB read', 'memory, MB', 'time to all'],
  });
  for (const megabytes of sizes) {
    const items = await makeItems();
    await fill(items, megabytes);
    const rows = [];
    for (const touched of [1, PARTITIONS]) {
      const runs = [];
      for (let i = 0; i < 5; i++) runs.push(await measure(items, touched));
      rows.push({
        touched,
        ms: median(runs.map(({ ms }) => ms)),
        ...(({ readUnits, memory }) => ({ readUnits, memory }))(runs[0] as (typeof runs)[0]),
      });
    }
    const all = (rows.at(-1) as (typeof rows)[0]).ms;
    for (const { touched, ms, readUnits, memory } of rows) {
      const kilobytes = readUnits * 4;
      table.push([
        megabytes,
        touched === PARTITIONS ? 'all (eager)' : touched,
        ms.toFixed(0),
        readUnits,
        kilobytes,
        (memory / 1e6).toFixed(1),
        (ms / all).toFixed(2),
      ]);
    }
  }
  console.log(
    `${name}: ${PARTITIONS} partitions, panes of about ${PANE_BYTES} bytes of JSON, median of 5\n${table.toString()}`,
  );
};

const observer = (request: StoreRequest) => requests.push(request);
const given = process.argv.slice(2);
const sizes = given.filter((text) => /^\d+$/.test(text)).map(Number);
const chosen = sizes.length > 0 ? sizes : [1, 10, 100];
await run('in memory', async () => new MemoryItemStore({ observer }), chosen);
if (!given.includes('memory')) {
  const engines = await startEngines();
  let tables = 0;
  await run(
    'embedded DynamoDB engine',
    async () => {
      const tableName = `cold-start-${++tables}`;
      await createStateTable(engines.clients.dynamo, tableName);
      return new DynamoItemStore({ client: engines.clients.dynamo, tableName, observer });
    },
    chosen,
  );
  await engines.stop();
}
