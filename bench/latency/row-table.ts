import { setTimeout as sleep } from 'node:timers/promises';
import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';

const lookEveryMs = 2;
const longestMs = 30_000;

const keyOf = (sensor: string, at: number) => ({ sensor: { S: sensor }, at: { N: String(at) } });

/** A table of rows by sensor and time, looked at with the plain SDK. */
export class RowTable {
  readonly #client: DynamoDBClient;
  readonly #name: string;

  constructor(client: DynamoDBClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  async put(sensor: string, at: number): Promise<void> {
    await this.#client.send(new PutItemCommand({ TableName: this.#name, Item: keyOf(sensor, at) }));
  }

  /** Resolves as soon as a consistent read finds the row. @throws Error where it does not come */
  async untilThere(sensor: string, at: number): Promise<void> {
    const look = new GetItemCommand({ TableName: this.#name, Key: keyOf(sensor, at), ConsistentRead: true });
    const startMs = performance.now();
    while ((await this.#client.send(look)).Item === undefined) {
      if (performance.now() - startMs > longestMs) {
        throw new Error(`the row of ${sensor} at ${at} is not in ${this.#name} after ${longestMs} ms`);
      }
      await sleep(lookEveryMs);
    }
  }
}
