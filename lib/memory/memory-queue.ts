import {
  dedupWindowMs,
  defaultMessageBytes,
  messageBytes,
  messagesPerBatch,
  type QueueMessage,
  type QueuePort,
  type SendOutcome,
} from '../connectors/sqs/queue-port.ts';
import type { Clock } from '../core/clock.ts';

/** A message that the queue has taken. */
export interface TakenMessage extends QueueMessage {
  readonly takenMs: number;
}

export interface MemoryQueueOptions {
  readonly fifo: boolean;
  readonly clock: Clock;
  /** The queue's `MaximumMessageSize`. Default 262,144. */
  readonly maxMessageBytes?: number;
}

/**
 * A queue in memory that takes messages as SQS does: a FIFO queue drops what it took within the last 5 minutes, by the
 * deduplication id, and says that it took it; what no queue takes is refused as the sender's fault. Nobody receives: what was
 * taken stays to be looked at.
 *
 * @example
 * const queue = new MemoryQueue({ fifo: true, clock });
 * await queue.send([{ body: '{}', outputId: 'a', groupId: 'g', dedupId: 'd' }]);
 * queue.messages();
 */
export class MemoryQueue implements QueuePort {
  readonly #options: MemoryQueueOptions;
  readonly #messages: TakenMessage[] = [];
  readonly #takenMs = new Map<string, number>();

  constructor(options: MemoryQueueOptions) {
    this.#options = options;
  }

  async send(messages: readonly QueueMessage[]): Promise<readonly SendOutcome[]> {
    if (messages.length === 0 || messages.length > messagesPerBatch)
      throw new RangeError(`a batch of ${messages.length} messages`);
    return messages.map((message) => this.#take(message));
  }

  /** In the order in which they were taken. */
  messages(): readonly TakenMessage[] {
    return this.#messages;
  }

  #take(message: QueueMessage): SendOutcome {
    const { fifo, clock, maxMessageBytes = defaultMessageBytes } = this.#options;
    const { groupId, dedupId } = message;
    if (fifo && (groupId === undefined || dedupId === undefined)) return refused('MissingParameter');
    if ([groupId, dedupId].some((id) => id !== undefined && !/^[\x21-\x7e]{1,128}$/.test(id)))
      return refused('InvalidParameterValue');
    if (/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u.test(message.body))
      return refused('InvalidMessageContents');
    if (messageBytes(message) > maxMessageBytes) return refused('InvalidParameterValue');
    const nowMs = clock.nowMs();
    if (fifo) {
      const beforeMs = this.#takenMs.get(dedupId as string);
      if (beforeMs !== undefined && nowMs - beforeMs < dedupWindowMs) return { ok: true };
      this.#takenMs.set(dedupId as string, nowMs);
    }
    this.#messages.push({ ...message, takenMs: nowMs });
    return { ok: true };
  }
}

const refused = (code: string): SendOutcome => ({ ok: false, code, message: code, senderFault: true });
