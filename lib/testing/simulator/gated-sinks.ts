import type { WebhookPort } from '../../connectors/http/http-port.ts';
import type { ObjectStore } from '../../connectors/s3/object-store.ts';
import type { OutputRow, SinkWriter } from '../../connectors/sink-port.ts';
import type { QueuePort, SendOutcome } from '../../connectors/sqs/queue-port.ts';
import type { Gate } from './operation.ts';

/** A sink of the world, and whether the delivery mode lets a row be sent a second time. */
export interface GatedTarget {
  readonly id: string;
  readonly isSentOnce: boolean;
}

const write = (name: string, { id, isSentOnce }: GatedTarget) => ({
  port: 'sinks' as const,
  name,
  target: id,
  writes: true,
  isSentOnce,
});

/** A sink as one process reaches it. */
export const gatedSink = (target: GatedTarget, sink: SinkWriter, gate: Gate): SinkWriter => ({
  write: (rows: readonly OutputRow[]) =>
    gate.perform({
      ...write('write', target),
      run: () => sink.write(rows),
      runPartly: async (take) => sink.write(rows.filter(take)),
    }),
});

/** A queue, of whose batches some messages may not be taken, or be taken without the answer saying so. */
export const gatedQueue = (target: GatedTarget, queue: QueuePort, gate: Gate): QueuePort => ({
  send: (messages) =>
    gate.perform<readonly SendOutcome[]>({
      ...write('send', target),
      run: () => queue.send(messages),
      runPartly: async (take) => {
        const outcomes: SendOutcome[] = [];
        for (const message of messages) {
          const says = take();
          const taken = says || take() ? (await queue.send([message]))[0] : undefined;
          outcomes.push(says && taken !== undefined ? taken : unavailable);
        }
        return outcomes;
      },
    }),
});

const unavailable: SendOutcome = { ok: false, code: 'ServiceUnavailable', message: 'a fault', senderFault: false };

export const gatedObjects = (target: GatedTarget, store: ObjectStore, gate: Gate): ObjectStore => ({
  create: (object) => gate.perform({ ...write('create', target), run: () => store.create(object) }),
  shaOf: (key) => gate.perform({ ...write('head', target), writes: false, run: () => store.shaOf(key) }),
});

/** A receiver, which may say that it is overloaded whether it has taken a request or not. */
export const gatedWebhook = (target: GatedTarget, webhook: WebhookPort, gate: Gate): WebhookPort => ({
  post: (request) =>
    gate.perform({
      ...write('post', target),
      run: () => webhook.post(request),
      runPartly: async (take) => {
        if (take()) await webhook.post(request);
        return { status: 503 };
      },
    }),
});
