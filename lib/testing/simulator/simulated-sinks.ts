import type { WebhookPort } from '../../connectors/http/http-port.ts';
import { HttpSinkWriter } from '../../connectors/http/http-sink-writer.ts';
import { objectKey } from '../../connectors/s3/object-parts.ts';
import { S3SinkWriter } from '../../connectors/s3/s3-sink-writer.ts';
import type { OutputRow, SinkWriter } from '../../connectors/sink-port.ts';
import type { HttpSinkSpec, S3SinkSpec, SqsSinkSpec } from '../../connectors/specs.ts';
import type { QueueMessage } from '../../connectors/sqs/queue-port.ts';
import { SqsSinkWriter } from '../../connectors/sqs/sqs-sink-writer.ts';
import type { Clock } from '../../core/clock.ts';
import { getOrAdd } from '../../core/get-or-add.ts';
import type { Random } from '../../core/random.ts';
import type { SinkNode } from '../../graph/logical-graph.ts';
import { MemoryAppendSink } from '../../memory/memory-append-sink.ts';
import { MemoryObjectStore } from '../../memory/memory-object-store.ts';
import { MemoryQueue } from '../../memory/memory-queue.ts';
import { MemoryTableSink } from '../../memory/memory-table-sink.ts';
import { MemoryWebhook } from '../../memory/memory-webhook.ts';
import { gatedObjects, gatedQueue, gatedSink, gatedWebhook } from './gated-sinks.ts';
import type { Monitor } from './monitor.ts';
import type { Gate } from './operation.ts';
import { ObjectWatch, QueueWatch, RepeatWatch } from './sink-watch.ts';

/** A sink as the world has it: what is behind it outlives every process. */
export interface SimulatedSink {
  /** The writer of one process. */
  open(gate: Gate, clock: Clock, random: Random): SinkWriter;
  /** What its readers see, who drop repeats where they are told to. */
  output(): readonly unknown[];
}

/** So that a commit of a few rows has several objects. */
const smallParts = { rows: 2, bytes: 1024 * 1024 };

export const simulatedSink = (
  { id, spec }: SinkNode,
  monitor: Monitor,
  clock: Clock,
  tables: Map<string, MemoryTableSink>,
): SimulatedSink => {
  switch (spec.kind) {
    case 'dynamo': {
      const table = getOrAdd(tables, spec.table, () => new MemoryTableSink(spec.table, spec.key));
      return plainSink(id, table, () => table.rows(), monitor);
    }
    case 'kinesis': {
      const sink = new MemoryAppendSink();
      return plainSink(id, sink, () => sink.values(), monitor);
    }
    case 'sqs':
      return queueSink(id, spec, monitor, clock);
    case 's3':
      return objectSink(id, spec, monitor);
    case 'http':
      return webhookSink(id, spec, monitor);
  }
};

/** A service that takes rows as they are: the gate stands before its writer. */
const plainSink = (
  id: string,
  writer: SinkWriter,
  output: () => readonly unknown[],
  monitor: Monitor,
): SimulatedSink => {
  const watched: SinkWriter = {
    write: async (rows) => {
      await writer.write(rows);
      monitor.onRows(id, rows);
    },
  };
  return { open: (gate) => gatedSink(id, watched, gate), output };
};

/** Remembers what each row was called outside, so that an effect can be told from its name. */
class Names {
  readonly #rows = new Map<string, readonly OutputRow[]>();

  /** Of a writer of rows. */
  learn(writer: SinkWriter, nameOf: (part: readonly OutputRow[]) => string): SinkWriter {
    return {
      ...(writer.cut === undefined ? {} : { cut: writer.cut }),
      write: (rows, context) => {
        for (let from = 0; from < rows.length; ) {
          const part = rows.slice(from, from + (writer.cut?.(rows.slice(from)) ?? 1));
          this.#rows.set(nameOf(part), part);
          from += part.length;
        }
        return writer.write(rows, context);
      },
    };
  }

  rows(name: string): readonly OutputRow[] {
    return this.#rows.get(name) ?? [];
  }
}

const idOf = ([row]: readonly OutputRow[]): string => row?.outputId ?? '';

const queueSink = (id: string, spec: SqsSinkSpec, monitor: Monitor, clock: Clock): SimulatedSink => {
  const { fifo, queue: name, maxMessageBytes } = spec;
  const queue = new MemoryQueue({ fifo, maxMessageBytes, clock });
  const names = new Names();
  const watch = new QueueWatch(id, fifo, (what) => monitor.report(what));
  let seen = 0;
  const watched = {
    send: async (messages: readonly QueueMessage[]) => {
      const outcomes = await queue.send(messages);
      for (const { outputId } of messages.filter((_, i) => outcomes[i]?.ok)) monitor.onRows(id, names.rows(outputId));
      for (const message of queue.messages().slice(seen)) watch.onTaken(message, names.rows(message.outputId)[0]);
      seen = queue.messages().length;
      return outcomes;
    },
  };
  return {
    open: (gate, processClock, random) =>
      names.learn(
        new SqsSinkWriter({
          queue: gatedQueue(id, watched, gate),
          name,
          fifo,
          batchBytes: maxMessageBytes,
          clock: processClock,
          random,
        }),
        idOf,
      ),
    output: () => firstOfEach(queue.messages()),
  };
};

const webhookSink = (id: string, spec: HttpSinkSpec, monitor: Monitor): SimulatedSink => {
  const { timeoutMs, concurrency } = spec;
  const webhook = new MemoryWebhook();
  const names = new Names();
  const watch = new RepeatWatch(id, (what) => monitor.report(what));
  const watched: WebhookPort = {
    post: async (request) => {
      const answer = await webhook.post(request);
      watch.onTaken(request);
      monitor.onRows(id, names.rows(request.outputId));
      return answer;
    },
  };
  return {
    open: (gate, clock, random) => {
      const endpoint = gatedWebhook(id, watched, gate);
      return names.learn(new HttpSinkWriter({ endpoint, sink: id, timeoutMs, concurrency, clock, random }), idOf);
    },
    output: () => firstOfEach(webhook.requests()),
  };
};

const objectSink = (sink: string, spec: S3SinkSpec, monitor: Monitor): SimulatedSink => {
  const { bucket, prefix, format } = spec;
  const store = new MemoryObjectStore();
  const names = new Names();
  const watch = new ObjectWatch(sink, (what) => monitor.report(what));
  const watched = {
    create: async (object: Parameters<MemoryObjectStore['create']>[0]) => {
      const outcome = await store.create(object);
      const rows = names.rows(object.key);
      if (outcome === 'created') watch.onCreated(object.key, rows);
      monitor.onRows(sink, rows);
      return outcome;
    },
    shaOf: (key: string) => store.shaOf(key),
  };
  return {
    open: (gate) =>
      names.learn(
        new S3SinkWriter({
          store: gatedObjects(sink, watched, gate),
          bucket,
          prefix,
          sink,
          format,
          bounds: smallParts,
        }),
        (part) => objectKey(prefix, sink, format, part[0] as OutputRow),
      ),
    output: () => store.keys().flatMap((key) => store.lines(key)),
  };
};

/** What a reader keeps who drops what comes again under an id. */
const firstOfEach = (taken: readonly { readonly outputId: string; readonly body: string }[]): readonly unknown[] => {
  const first = new Map<string, string>();
  for (const { outputId, body } of taken) if (!first.has(outputId)) first.set(outputId, body);
  return [...first.values()].map((body) => JSON.parse(body));
};
