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
import type { Delivery, SinkNode } from '../../graph/logical-graph.ts';
import { timingOf } from '../../graph/sink-guarantee.ts';
import { MemoryAppendSink } from '../../memory/memory-append-sink.ts';
import { MemoryObjectStore } from '../../memory/memory-object-store.ts';
import { MemoryQueue } from '../../memory/memory-queue.ts';
import { MemoryTableSink } from '../../memory/memory-table-sink.ts';
import { MemoryWebhook } from '../../memory/memory-webhook.ts';
import { type GatedTarget, gatedObjects, gatedQueue, gatedSink, gatedWebhook } from './gated-sinks.ts';
import type { Monitor } from './monitor.ts';
import type { Gate } from './operation.ts';
import { ObjectWatch, QueueWatch, RepeatWatch, type Report } from './sink-watch.ts';

/** A sink as the world has it: what is behind it outlives every process. */
export interface SimulatedSink {
  /** The writer of one process. */
  open(gate: Gate, clock: Clock, random: Random): SinkWriter;
  /** What its readers see, who drop repeats where they are told to. */
  output(): readonly unknown[];
}

/** So that a commit of a few rows has several objects. */
const smallParts = { rows: 2, bytes: 1024 * 1024 };

/** What the sinks of a world have in common. */
export interface SinkWorld {
  readonly monitor: Monitor;
  readonly clock: Clock;
  readonly delivery: Delivery;
  readonly tables: Map<string, MemoryTableSink>;
}

export const simulatedSink = (
  { id, spec }: SinkNode,
  { monitor, clock, delivery, tables }: SinkWorld,
): SimulatedSink => {
  const timing = timingOf(spec, delivery);
  const target = { id, isSentOnce: timing === 'once' };
  // What a service says of repeats and order holds for what is sent until it is known to have arrived.
  const report = (what: string) => {
    if (timing === 'after') monitor.report(what);
  };
  switch (spec.kind) {
    case 'dynamo': {
      const table = getOrAdd(tables, spec.table, () => new MemoryTableSink(spec.table, spec.key));
      return plainSink(target, table, () => table.rows(), monitor);
    }
    case 'kinesis': {
      const sink = new MemoryAppendSink();
      return plainSink(target, sink, () => sink.values(), monitor);
    }
    case 'sqs':
      return queueSink(target, spec, monitor, report, clock);
    case 's3':
      return objectSink(target, spec, monitor, report);
    case 'http':
      return webhookSink(target, spec, monitor, report);
  }
};

/** A service that takes rows as they are: the gate stands before its writer. */
const plainSink = (
  target: GatedTarget,
  writer: SinkWriter,
  output: () => readonly unknown[],
  monitor: Monitor,
): SimulatedSink => {
  const watched: SinkWriter = {
    write: async (rows) => {
      await writer.write(rows);
      monitor.onRows(target.id, rows);
    },
  };
  return { open: (gate) => gatedSink(target, watched, gate), output };
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

const queueSink = (
  target: GatedTarget,
  spec: SqsSinkSpec,
  monitor: Monitor,
  report: Report,
  clock: Clock,
): SimulatedSink => {
  const { id } = target;
  const { fifo, queue: name, maxMessageBytes } = spec;
  const queue = new MemoryQueue({ fifo, maxMessageBytes, clock });
  const names = new Names();
  const watch = new QueueWatch(id, fifo, report);
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
          queue: gatedQueue(target, watched, gate),
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

const webhookSink = (target: GatedTarget, spec: HttpSinkSpec, monitor: Monitor, report: Report): SimulatedSink => {
  const { id } = target;
  const { timeoutMs, concurrency } = spec;
  const webhook = new MemoryWebhook();
  const names = new Names();
  const watch = new RepeatWatch(id, report);
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
      const endpoint = gatedWebhook(target, watched, gate);
      return names.learn(new HttpSinkWriter({ endpoint, sink: id, timeoutMs, concurrency, clock, random }), idOf);
    },
    output: () => firstOfEach(webhook.requests()),
  };
};

const objectSink = (target: GatedTarget, spec: S3SinkSpec, monitor: Monitor, report: Report): SimulatedSink => {
  const sink = target.id;
  const { bucket, prefix, format } = spec;
  const store = new MemoryObjectStore();
  const names = new Names();
  const watch = new ObjectWatch(sink, report);
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
          store: gatedObjects(target, watched, gate),
          bucket,
          prefix,
          format,
          bounds: smallParts,
        }),
        (part) => objectKey(prefix, format, part[0] as OutputRow),
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
