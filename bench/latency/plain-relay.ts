import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetRecordsCommand,
  GetShardIteratorCommand,
  type KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
} from '@aws-sdk/client-kinesis';
import type { AwsClients } from '../../lib/aws/clients.ts';
import { createRowTable, createStream } from '../../lib/local/engines/resources.ts';
import { RowTable } from './row-table.ts';

const recordsAtOnce = 10_000;

/**
 * What no pipeline with a hop can do without, in plain SDK calls and nothing else: put, poll, put, poll, put the row. It polls as the
 * mapping does: a pause after each page that ends at the tip, while what the page brought goes on its way.
 */
export class PlainRelay {
  readonly table: RowTable;
  readonly #kinesis: KinesisClient;
  readonly #streams: readonly [first: string, second: string];
  readonly #pollMs: number;
  readonly #stopped = new AbortController();
  #polling: Promise<unknown> = Promise.resolve();

  private constructor(clients: AwsClients, prefix: string, pollMs: number) {
    this.#kinesis = clients.kinesis;
    this.#pollMs = pollMs;
    this.#streams = [`${prefix}first`, `${prefix}second`];
    this.table = new RowTable(clients.dynamo, `${prefix}rows`);
  }

  static async start(clients: AwsClients, prefix: string, pollMs: number): Promise<PlainRelay> {
    const relay = new PlainRelay(clients, prefix, pollMs);
    const [, second] = relay.#streams;
    for (const stream of relay.#streams) await createStream(clients.kinesis, stream);
    await createRowTable(clients.dynamo, `${prefix}rows`, [
      { name: 'sensor', type: 'string' },
      { name: 'at', type: 'number' },
    ]);
    const iterators = await Promise.all(relay.#streams.map((stream) => relay.#open(stream)));
    relay.#polling = Promise.all([
      relay.#poll(iterators[0], (data) => relay.#put(second, data)),
      relay.#poll(iterators[1], async (data) => {
        const { sensor, at } = JSON.parse(Buffer.from(data).toString()) as { sensor: string; at: number };
        await relay.table.put(sensor, at);
      }),
    ]);
    // Whoever waits for a row says that it does not come.
    relay.#polling.catch(() => undefined);
    return relay;
  }

  /** Puts a record into the first stream. */
  put(value: unknown): Promise<void> {
    return this.#put(this.#streams[0], Buffer.from(JSON.stringify(value)));
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#polling;
  }

  async #put(stream: string, data: Uint8Array): Promise<void> {
    const Records = [{ Data: data, PartitionKey: 'readings' }];
    await this.#kinesis.send(new PutRecordsCommand({ StreamName: stream, Records }));
  }

  async #open(stream: string): Promise<string | undefined> {
    const { Shards = [] } = await this.#kinesis.send(new ListShardsCommand({ StreamName: stream }));
    const where = { StreamName: stream, ShardId: Shards[0]?.ShardId, ShardIteratorType: 'TRIM_HORIZON' as const };
    return (await this.#kinesis.send(new GetShardIteratorCommand(where))).ShardIterator;
  }

  async #poll(first: string | undefined, take: (data: Uint8Array) => Promise<void>): Promise<void> {
    const { signal } = this.#stopped;
    const taken = new Set<Promise<void>>();
    for (let iterator = first; iterator !== undefined && !signal.aborted; ) {
      const page = await this.#kinesis.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: recordsAtOnce }));
      for (const { Data = new Uint8Array() } of page.Records ?? []) {
        const taking = take(Data).finally(() => taken.delete(taking));
        taken.add(taking);
      }
      iterator = page.NextShardIterator;
      if ((page.MillisBehindLatest ?? 0) === 0) await sleep(this.#pollMs, undefined, { signal }).catch(() => undefined);
    }
    await Promise.all(taken);
  }
}
