import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoItemStore } from '../../lib/aws/dynamo-item-store.ts';
import { KinesisStreams } from '../../lib/aws/kinesis-streams.ts';
import { readJob } from '../../lib/commit/job.ts';
import type { Deployment } from '../../lib/lambda/deployment.ts';
import { StreamResharder } from '../../lib/local/deployment/reshard.ts';
import { listQuarantine } from '../../lib/runtime/quarantine.ts';
import { type CheckResult, checkResults } from '../../localstack/demo/check.ts';
import { readLate, readTable } from '../../localstack/demo/results.ts';
import type { Cloud } from './cloud.ts';
import { LiveTraffic } from './live-traffic.ts';

const pollMs = 2_000;
const timeoutMs = 240_000;
const minuteMs = 60_000;
const shownProblems = 5;

/** The deployed revenue pipeline with its traffic and the sum to compare it with. */
export class RevenueRun {
  readonly deployment: Deployment;
  readonly traffic: LiveTraffic;
  readonly #cloud: Cloud;

  constructor(cloud: Cloud, deployment: Deployment, seed: number) {
    this.#cloud = cloud;
    this.deployment = deployment;
    this.traffic = new LiveTraffic(cloud.clients.kinesis, this.stream('orders'), seed);
  }

  stream(logical: string): string {
    return this.deployment.streams[logical] as string;
  }

  resharder(logical: string): StreamResharder {
    return new StreamResharder(this.#cloud.clients.kinesis, this.#streams(), this.stream(logical));
  }

  async openShards(logical: string): Promise<readonly string[]> {
    const shards = await this.#streams().listShards(this.stream(logical));
    return shards.filter(({ open }) => open).map(({ shardId }) => shardId);
  }

  /** Closes the windows of all that was sent so far, and waits until each order is where it belongs, once. */
  async settle(): Promise<CheckResult> {
    const until = await this.traffic.closeWindows();
    const giveUpMs = Date.now() + timeoutMs;
    for (;;) {
      const result = await this.#check(until);
      if (result.problems.length === 0) return result;
      if (Date.now() > giveUpMs) throw new Error(problemsOf(result));
      await sleep(pollMs);
    }
  }

  /** Everything whose windows were closed before `until`, from the first order of the run on. */
  async #check(until: number): Promise<CheckResult> {
    const closed = (atMs: number) => Math.floor(atMs / minuteMs) * minuteMs < until;
    const view = { clients: this.#cloud.clients, names: this.deployment };
    const sent = this.traffic.orders.filter(({ at }) => closed(at));
    const ids = new Set(sent.map(({ id }) => id));
    return checkResults({
      sent,
      poison: this.traffic.poison,
      rows: (await readTable(view)).filter(({ minute }) => closed(minute)),
      late: (await readLate(view)).filter(({ id }) => ids.has(id)),
      quarantined: await this.#quarantined(),
    });
  }

  async #quarantined(): Promise<string[]> {
    const items = new DynamoItemStore({ client: this.#cloud.clients.dynamo, tableName: this.deployment.stateTable });
    const job = await readJob(items, 'revenue', 1);
    if (job === undefined) return [];
    const payloads: string[] = [];
    for await (const { payload } of listQuarantine({ items }, job)) payloads.push(payload);
    return payloads;
  }

  #streams(): KinesisStreams {
    return new KinesisStreams({ client: this.#cloud.clients.kinesis });
  }
}

const problemsOf = ({ problems, lost, duplicates }: CheckResult): string =>
  `${lost} lost, ${duplicates} more than once after ${timeoutMs / 1_000} s: ${problems.slice(0, shownProblems).join(' ')}`;
