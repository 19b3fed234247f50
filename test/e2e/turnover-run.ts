import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { SeededRandom } from 'millrace/testing';
import type { Deployment } from '../../lib/lambda/deployment.ts';
import type { InstalledProject } from '../../packaging/install-project.ts';
import type { Cloud } from './cloud.ts';

const shops = ['north', 'south', 'east', 'west'];
const minuteMs = 60_000;
const minutes = 8;
const ordersPerMinute = 50;
/** The project's pipeline waits five seconds for what is out of order. */
const outOfOrderMs = 4_000;
/** No orders: their amount is no number. */
const broken = 3;
const hourMs = 3_600_000;
const pollMs = 1_000;
const timeoutMs = 180_000;

interface SoldRow {
  readonly shop: string;
  readonly minute: number;
  readonly amountCents: number;
  readonly orders: number;
}

/** The pipeline of a new project, deployed, with what was sent to it and the sum to compare it with. */
export class TurnoverRun {
  readonly #project: InstalledProject;
  readonly #cloud: Cloud;
  readonly #deployment: Deployment;
  readonly #random: SeededRandom;
  readonly #expected = new Map<string, SoldRow>();

  /** @param project where `cdk deploy` has left its outputs */
  static async of(project: InstalledProject, cloud: Cloud, seed: number): Promise<TurnoverRun> {
    const outputs = JSON.parse(await readFile(join(project.folder, 'outputs.json'), 'utf8'));
    return new TurnoverRun(project, cloud, JSON.parse(outputs.Turnover.TurnoverDeployment) as Deployment, seed);
  }

  private constructor(project: InstalledProject, cloud: Cloud, deployment: Deployment, seed: number) {
    this.#project = project;
    this.#cloud = cloud;
    this.#deployment = deployment;
    this.#random = new SeededRandom(seed);
  }

  /** Some minutes of orders and, among them, what is none; then one order of an hour later, which closes their windows. */
  async send(): Promise<void> {
    const fromMs = Math.floor(Date.now() / minuteMs - 2 * 60) * minuteMs;
    for (let minute = 0; minute < minutes; minute++) {
      const values: object[] = Array.from({ length: ordersPerMinute }, (_, i) => this.#order(fromMs, minute, i));
      if (minute < broken)
        values.splice(7, 0, { id: `broken-${minute}`, shop: 'north', amountCents: 'free', at: fromMs });
      await this.#put(values);
    }
    await this.#put([{ id: 'last', shop: 'north', amountCents: 1, at: fromMs + hourMs }]);
  }

  /** Waits until the table has a row for each shop and minute, and each of them is right. */
  async settle(): Promise<{ readonly rows: number; readonly orders: number }> {
    const expected = textOf([...this.#expected.values()]);
    let rows = '';
    for (const giveUpMs = Date.now() + timeoutMs; Date.now() < giveUpMs; await sleep(pollMs)) {
      rows = textOf(await this.#rows());
      if (rows === expected) return { rows: this.#expected.size, orders: minutes * ordersPerMinute };
    }
    throw new Error(`after ${timeoutMs / 1_000} s the table has\n${rows}\nin place of\n${expected}`);
  }

  /** What the project's own command line lists. */
  async quarantined(): Promise<number> {
    const document = join(this.#project.folder, 'deployment.json');
    await writeFile(document, JSON.stringify(this.#deployment));
    const listed = await this.#project.demand(
      'npx',
      '--no',
      'millrace',
      'quarantine',
      'list',
      '--deployment',
      document,
      '--json',
    );
    const records = listed
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly code: string });
    if (records.length !== broken || records.some(({ code }) => code !== 'SCHEMA'))
      throw new Error(`in quarantine are not the ${broken} broken orders, but ${listed}`);
    return records.length;
  }

  #order(fromMs: number, minute: number, i: number): object {
    const inMinuteMs = Math.floor((minuteMs * i) / ordersPerMinute);
    const at = Math.max(
      fromMs,
      fromMs + minute * minuteMs + inMinuteMs - Math.floor(this.#random.fraction() * outOfOrderMs),
    );
    const shop = shops[Math.floor(this.#random.fraction() * shops.length)] as string;
    const amountCents = 1 + Math.floor(this.#random.fraction() * 10_000);
    const start = Math.floor(at / minuteMs) * minuteMs;
    const row = this.#expected.get(`${shop} ${start}`) ?? { shop, minute: start, amountCents: 0, orders: 0 };
    this.#expected.set(`${shop} ${start}`, {
      ...row,
      amountCents: row.amountCents + amountCents,
      orders: row.orders + 1,
    });
    return { id: `${minute}-${i}`, shop, amountCents, at };
  }

  async #put(values: readonly object[]): Promise<void> {
    const Records = values.map((value, i) => ({ Data: Buffer.from(JSON.stringify(value)), PartitionKey: `${i}` }));
    const StreamName = this.#deployment.streams.orders;
    const { FailedRecordCount } = await this.#cloud.clients.kinesis.send(
      new PutRecordsCommand({ StreamName, Records }),
    );
    if (FailedRecordCount) throw new Error(`${FailedRecordCount} orders were not taken by the stream`);
  }

  async #rows(): Promise<SoldRow[]> {
    const scan = new ScanCommand({ TableName: this.#deployment.tables.turnover, ConsistentRead: true });
    const { Items = [] } = await this.#cloud.clients.dynamo.send(scan);
    return Items.map(({ shop, minute, amountCents, orders }) => ({
      shop: shop?.S ?? '?',
      minute: Number(minute?.N),
      amountCents: Number(amountCents?.N),
      orders: Number(orders?.N),
    }));
  }
}

const textOf = (rows: readonly SoldRow[]): string =>
  rows
    .map(({ shop, minute, amountCents, orders }) => `${shop} ${minute}: ${orders} orders of ${amountCents}`)
    .sort()
    .join('\n');
