import { setTimeout as sleep } from 'node:timers/promises';
import { type KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { OrderTraffic, type SentOrder } from '../../localstack/demo/orders.ts';

const minuteMs = 60_000;
const hoursBack = 6;
/** Windows of a minute that allow five for the late. */
const closingSteps = 45;
const ordersPerClosingStep = 6;
const pauseMs = 250;

type Value = SentOrder | Uint8Array;

/** Orders for the deployed pipeline, put as any producer puts them. One run of event time for all scenarios. */
export class LiveTraffic {
  readonly #kinesis: KinesisClient;
  readonly #stream: string;
  readonly #orders: OrderTraffic;
  #extraPoison: readonly string[] = [];

  constructor(kinesis: KinesisClient, stream: string, seed: number) {
    this.#kinesis = kinesis;
    this.#stream = stream;
    this.#orders = new OrderTraffic(seed, Math.floor(Date.now() / minuteMs - hoursBack * 60) * minuteMs);
  }

  get orders(): readonly SentOrder[] {
    return this.#orders.orders;
  }

  /** Base64. */
  get poison(): readonly string[] {
    return [...this.#orders.poison, ...this.#extraPoison];
  }

  async send(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) await this.#put(this.#orders.next());
  }

  /** Orders, and between them what nobody can read, all in one shard. */
  async sendPoison(count: number): Promise<void> {
    const poison = Array.from({ length: count }, (_, i) => Buffer.from(`{"poison":${i}`));
    this.#extraPoison = [...this.#extraPoison, ...poison.map((bytes) => bytes.toString('base64'))];
    const values: Value[] = [];
    for (const bytes of poison) values.push(...this.#orders.next(), bytes);
    await this.#put([...values, ...this.#orders.next()], 'one shard');
  }

  /** Orders keep coming until the work is done. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    let done = false;
    const working = work().finally(() => {
      done = true;
    });
    // Whoever fails first is heard below.
    working.catch(() => undefined);
    while (!done) {
      await this.#put(this.#orders.next());
      await sleep(pauseMs);
    }
    return working;
  }

  /** Orders of later minutes for every shard. @returns the instant whose windows they close, with all before it */
  async closeWindows(): Promise<number> {
    const until = Math.floor(this.#orders.eventMs / minuteMs) * minuteMs;
    for (let step = 0; step < closingSteps; step++) await this.#put(this.#orders.next(ordersPerClosingStep));
    return until;
  }

  async #put(values: readonly Value[], partitionKey?: string): Promise<void> {
    const Records = values.map((value, i) => ({
      Data: value instanceof Uint8Array ? value : Buffer.from(JSON.stringify(value)),
      PartitionKey: partitionKey ?? (value instanceof Uint8Array ? `poison-${i}` : value.id),
    }));
    const answer = await this.#kinesis.send(new PutRecordsCommand({ StreamName: this.#stream, Records }));
    if (answer.FailedRecordCount) throw new Error(`${answer.FailedRecordCount} orders were not taken by the stream`);
  }
}
