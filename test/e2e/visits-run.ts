import { setTimeout as sleep } from 'node:timers/promises';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { PutRecordsCommand } from '@aws-sdk/client-kinesis';
import type { Deployment } from '../../lib/lambda/deployment.ts';
import type { Cloud } from './cloud.ts';

const windowMs = 10_000;
const pollMs = 1_000;
const timeoutMs = 300_000;
const visits = 7;

/** The deployed pipeline whose stream falls silent. */
export class VisitsRun {
  readonly #cloud: Cloud;
  readonly #deployment: Deployment;
  #sentMs = 0;
  #from = 0;

  constructor(cloud: Cloud, deployment: Deployment) {
    this.#cloud = cloud;
    this.#deployment = deployment;
  }

  /** All into one window, and then nothing ever again. */
  async sendAndFallSilent(): Promise<void> {
    this.#sentMs = Date.now();
    this.#from = Math.floor(this.#sentMs / windowMs) * windowMs;
    const Records = Array.from({ length: visits }, (_, i) => ({
      Data: Buffer.from(JSON.stringify({ page: '/', at: this.#from + i })),
      PartitionKey: `visit-${i}`,
    }));
    const StreamName = this.#deployment.streams.visits;
    await this.#cloud.clients.kinesis.send(new PutRecordsCommand({ StreamName, Records }));
  }

  /** @returns how long after the last record the window's row was there */
  async untilWindowClosed(): Promise<number> {
    const expected = [{ page: { S: '/' }, from: { N: String(this.#from) }, visits: { N: String(visits) } }];
    for (const giveUpMs = Date.now() + timeoutMs; Date.now() < giveUpMs; await sleep(pollMs)) {
      const rows = await this.#rows();
      if (rows.length === 0) continue;
      if (JSON.stringify(rows) === JSON.stringify(expected)) return Date.now() - this.#sentMs;
      throw new Error(`the table has ${JSON.stringify(rows)} in place of ${JSON.stringify(expected)}`);
    }
    throw new Error(`no row after ${timeoutMs / 1_000} s`);
  }

  async #rows() {
    const scan = new ScanCommand({ TableName: this.#deployment.tables.visits, ConsistentRead: true });
    const { Items = [] } = await this.#cloud.clients.dynamo.send(scan);
    return Items.map(({ page, from, visits }) => ({ page, from, visits }));
  }
}
