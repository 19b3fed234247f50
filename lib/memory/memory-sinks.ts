import { HttpSinkWriter } from '../connectors/http/http-sink-writer.ts';
import { S3SinkWriter } from '../connectors/s3/s3-sink-writer.ts';
import type { SinkWriter } from '../connectors/sink-port.ts';
import type { SinkSpec } from '../connectors/specs.ts';
import { SqsSinkWriter } from '../connectors/sqs/sqs-sink-writer.ts';
import type { Clock } from '../core/clock.ts';
import { getOrAdd } from '../core/get-or-add.ts';
import type { Random } from '../core/random.ts';
import { MemoryAppendSink } from './memory-append-sink.ts';
import { MemoryObjectStore } from './memory-object-store.ts';
import { MemoryQueue } from './memory-queue.ts';
import { MemoryTableSink } from './memory-table-sink.ts';
import { MemoryWebhook } from './memory-webhook.ts';

/** A sink with what is behind it in this process. */
export interface MemorySink {
  readonly writer: SinkWriter;
  /** What it holds, in the order in which it came; of a table the rows, in that of their keys. */
  values(): readonly unknown[];
}

/** Makes the sinks of a pipeline, each over its own service in memory. Two that name one table share it, as in DynamoDB. */
export class MemorySinks {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #tables = new Map<string, MemoryTableSink>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  open(sink: string, spec: SinkSpec): MemorySink {
    const waits = { clock: this.#clock, random: this.#random };
    switch (spec.kind) {
      case 'dynamo': {
        const writer = getOrAdd(this.#tables, spec.table, () => new MemoryTableSink(spec.table, spec.key));
        return { writer, values: () => writer.rows() };
      }
      case 'kinesis': {
        const writer = new MemoryAppendSink();
        return { writer, values: () => writer.values() };
      }
      case 'sqs': {
        const { queue: name, fifo, maxMessageBytes } = spec;
        const queue = new MemoryQueue({ fifo, maxMessageBytes, clock: this.#clock });
        const writer = new SqsSinkWriter({ queue, name, fifo, batchBytes: maxMessageBytes, ...waits });
        return { writer, values: () => queue.messages().map(({ body }) => JSON.parse(body)) };
      }
      case 's3': {
        const store = new MemoryObjectStore();
        const { bucket, prefix, format } = spec;
        const writer = new S3SinkWriter({ store, bucket, prefix, format });
        return { writer, values: () => store.keys().flatMap((key) => store.lines(key)) };
      }
      case 'http': {
        const endpoint = new MemoryWebhook();
        const { timeoutMs, concurrency } = spec;
        const writer = new HttpSinkWriter({ endpoint, sink, timeoutMs, concurrency, ...waits });
        return { writer, values: () => endpoint.requests().map(({ body }) => JSON.parse(body)) };
      }
    }
  }
}
