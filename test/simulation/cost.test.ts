import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DynamoItemStore } from '../../lib/aws/dynamo-item-store.ts';
import { createStateTable } from '../../lib/local/engines/resources.ts';
import { type Engines, startEngines } from '../../lib/local/engines/start-engines.ts';
import { MemoryItemStore } from '../../lib/memory/memory-item-store.ts';
import type { RuntimeObserver } from '../../lib/runtime/ports.ts';
import type { ItemStore, StoreRequest } from '../../lib/state/item-store.ts';
import type { Container } from '../support/container.ts';
import { idsPipeline } from '../support/ids-pipeline.ts';
import { cursorOf, World } from '../support/world.ts';

/** What a keyed stage asks of its state table for each batch: sinks and the source stage are not counted. */
interface Cost {
  readonly writes: number;
  readonly reads: number;
  readonly writeUnits: number;
  readonly readUnits: number;
  readonly payloadBytes: number;
}

const BATCHES = 12;
const CHANGED_KEYS = 20;
const pipeline = idsPipeline();

/** Events of one pane that stays open: the watermark does not pass it. */
const sendKeys = async (world: World, source: Container, from: number, count: number): Promise<void> => {
  await world.send(
    Array.from({ length: count }, (_, i) => ({
      partitionKey: 'p',
      data: Buffer.from(JSON.stringify({ id: 'e', key: `key-${from + i}`, at: 1_000_000 })),
    })),
  );
  expect(await world.deliver(cursorOf(world, 'in'), source, count)).toMatchObject({ kind: 'done' });
};

const measure = async (makeItems: MakeItems, keys: number, containers: 1 | 2): Promise<Cost> => {
  const requests: StoreRequest[] = [];
  const items = await makeItems((request) => requests.push(request));
  const world = new World({ pipeline, seed: 1, shards: 1, items });
  const source = world.container('in');
  let payloadBytes = 0;
  let snapshots = 0;
  const observer: RuntimeObserver = {
    committed: (facts) => {
      payloadBytes = facts.payloadBytes;
    },
    snapshot: () => snapshots++,
  };
  const keyed = Array.from({ length: containers }, () => world.container('by-key', observer));
  const packets = cursorOf(world, 'by-key');
  for (let from = 0; from < keys; from += 5_000) {
    await sendKeys(world, source, from, Math.min(5_000, keys - from));
    expect(await world.deliver(packets, keyed[0] as Container, 100)).toMatchObject({ kind: 'done' });
  }
  const costs: Cost[] = [];
  // The first rounds are those in which alternating containers learn that they do.
  for (let batch = -2 * containers; batch < BATCHES; batch++) {
    await sendKeys(world, source, 0, CHANGED_KEYS);
    requests.length = 0;
    snapshots = 0;
    const container = keyed[(batch + 4) % containers] as Container;
    expect(await world.deliver(packets, container, 100)).toMatchObject({ kind: 'done' });
    if (batch >= 0 && snapshots === 0) costs.push(costOf(requests, payloadBytes));
  }
  expect(costs.length).toBeGreaterThan(BATCHES / 2);
  const most = (of: (cost: Cost) => number) => Math.max(...costs.map(of));
  return {
    writes: most((cost) => cost.writes),
    reads: most((cost) => cost.reads),
    writeUnits: most((cost) => cost.writeUnits),
    readUnits: most((cost) => cost.readUnits),
    payloadBytes: most((cost) => cost.payloadBytes),
  };
};

const costOf = (requests: readonly StoreRequest[], payloadBytes: number): Cost => {
  const isWrite = ({ operation }: StoreRequest) => ['put', 'putMany', 'deleteMany'].includes(operation);
  const sum = (of: (request: StoreRequest) => number) => requests.reduce((total, request) => total + of(request), 0);
  return {
    writes: requests.filter(isWrite).length,
    reads: requests.filter((request) => !isWrite(request)).length,
    writeUnits: sum((request) => request.writeUnits),
    readUnits: sum((request) => request.readUnits),
    payloadBytes,
  };
};

type MakeItems = (observer: (request: StoreRequest) => void) => Promise<ItemStore>;

let engines: Engines;
beforeAll(async () => {
  engines = await startEngines();
});
afterAll(() => engines?.stop());

let tables = 0;
const stores: Record<string, MakeItems> = {
  memory: async (observer) => new MemoryItemStore({ observer }),
  'embedded engine': async (observer) => {
    const tableName = `cost-${++tables}`;
    await createStateTable(engines.clients.dynamo, tableName);
    return new DynamoItemStore({ client: engines.clients.dynamo, tableName, observer });
  },
};

describe.each(Object.keys(stores))('the requests for a batch of a keyed stage, on %s', (name) => {
  it('are one write, and one read where another container came between, however many keys are stored', async () => {
    const table: (Cost & { keys: number; containers: string })[] = [];
    for (const containers of [1, 2] as const) {
      for (const keys of [1_000, 100_000]) {
        const cost = await measure(stores[name] as MakeItems, keys, containers);
        table.push({ keys, containers: containers === 1 ? 'same' : 'alternating', ...cost });
      }
    }
    console.log(`DynamoDB requests a batch (${CHANGED_KEYS} keys changed, most of ${BATCHES} batches), ${name}`);
    console.table(table);
    for (const { containers, writes, reads } of table) {
      expect({ containers, writes, reads }).toEqual({ containers, writes: 1, reads: containers === 'same' ? 0 : 1 });
    }
    // The rows of the table differ by nothing but the number of stored keys.
    for (const [few, ...more] of [table.slice(0, 2), table.slice(2)]) {
      for (const many of more) {
        expect(many.payloadBytes).toBeLessThan((few as Cost).payloadBytes * 1.05);
        expect(many.writeUnits).toBeLessThanOrEqual((few as Cost).writeUnits);
      }
    }
  });
});
