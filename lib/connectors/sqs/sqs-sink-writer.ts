import { createHash } from 'node:crypto';
import { backOff, maxRetries } from '../../core/backoff.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { forEachInFlight } from '../../core/in-flight.ts';
import { type Random, systemRandom } from '../../core/random.ts';
import { MillraceError } from '../../errors/millrace-error.ts';
import type { OutputRow, SinkWriter, WriteContext } from '../sink-port.ts';
import { encodeMessage } from './encode-message.ts';
import {
  defaultMessageBytes,
  messageBytes,
  messagesPerBatch,
  type QueueMessage,
  type QueuePort,
  type SendOutcome,
} from './queue-port.ts';

export interface SqsSinkWriterOptions {
  readonly queue: QueuePort;
  /** For messages: the queue's logical name. */
  readonly name: string;
  readonly fifo: boolean;
  /** Bytes of a batch. Default: 256 KiB. */
  readonly batchBytes?: number;
  /** For the waits between retries. */
  readonly clock?: Clock;
  readonly random?: Random;
}

const batchesInFlight = 8;

/**
 * Sends rows as messages. On a FIFO queue the next message of a group goes only when the one before it was taken: a batch
 * may be taken in part, and what is sent again would otherwise come behind its successors.
 */
export class SqsSinkWriter implements SinkWriter {
  readonly #options: SqsSinkWriterOptions;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(options: SqsSinkWriterOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
  }

  async write(rows: readonly OutputRow[], context?: WriteContext): Promise<void> {
    let waiting = this.#groupsOf(rows);
    for (let retry = 0; waiting.length > 0; ) {
      const before = countMessages(waiting);
      const refusal = await this.#sendHeads(waiting, context);
      waiting = waiting.filter((group) => group.length > 0);
      if (refusal === undefined || context?.onUnsent !== undefined) continue;
      // Only rounds in which nothing was taken count.
      retry = countMessages(waiting) < before ? 0 : retry + 1;
      if (retry > maxRetries || (context !== undefined && context.remainingMs <= 0))
        throw this.#unavailable(`it kept turning ${countMessages(waiting)} messages away`, refusal);
      await backOff(retry, this.#clock, this.#random);
    }
  }

  /** The messages of each group, in order. On a standard queue every message is a group of its own. */
  #groupsOf(rows: readonly OutputRow[]): QueueMessage[][] {
    const groups = new Map<string, QueueMessage[]>();
    for (const row of rows) {
      const message = this.#options.fifo ? fifoMessage(row) : standardMessage(row);
      const group = message.groupId ?? row.outputId;
      const known = groups.get(group);
      if (known === undefined) groups.set(group, [message]);
      else known.push(message);
    }
    return [...groups.values()];
  }

  /** Sends the first message of every group, and removes those that were taken. @returns a refusal, where there was one */
  async #sendHeads(groups: readonly QueueMessage[][], context: WriteContext | undefined): Promise<unknown> {
    let refusal: unknown;
    await forEachInFlight(this.#batchesOf(groups), batchesInFlight, async (batch) => {
      const heads = batch.map(([head]) => head as QueueMessage);
      const outcomes = await this.#send(heads, context);
      for (const [i, group] of batch.entries()) {
        const outcome = outcomes[i];
        if (outcome?.ok === true || context?.onUnsent !== undefined) group.shift();
        if (outcome?.ok === true) continue;
        if (context?.onUnsent !== undefined) context.onUnsent(1, outcome);
        else if (outcome?.senderFault === true) throw this.#refused(outcome.code, outcome.message);
        refusal = outcome ?? 'no answer';
      }
    });
    return refusal;
  }

  async #send(heads: readonly QueueMessage[], context: WriteContext | undefined): Promise<readonly SendOutcome[]> {
    try {
      return await this.#options.queue.send(heads);
    } catch (error) {
      if (context?.onUnsent === undefined) throw error;
      const message = error instanceof Error ? error.message : String(error);
      return heads.map(() => ({ ok: false, code: 'UNKNOWN', message, senderFault: false }));
    }
  }

  /** Groups whose first messages go in one request. */
  #batchesOf(groups: readonly QueueMessage[][]): readonly QueueMessage[][][] {
    const { batchBytes = defaultMessageBytes } = this.#options;
    const batches: QueueMessage[][][] = [];
    let batch: QueueMessage[][] = [];
    let bytes = 0;
    for (const group of groups) {
      const size = messageBytes(group[0] as QueueMessage);
      if (batch.length === 0 || batch.length === messagesPerBatch || bytes + size > batchBytes) {
        batch = [];
        bytes = 0;
        batches.push(batch);
      }
      batch.push(group);
      bytes += size;
    }
    return batches;
  }

  #refused(code: string, message: string): MillraceError {
    const { name } = this.#options;
    return new MillraceError(
      'operator',
      'SINK_REFUSED',
      `queue ${name} refuses a message for good: ${code}: ${message}`,
      {
        fix: "Compare the queue's type and MaximumMessageSize with the sink's options.",
        fields: { queue: name, reason: code },
      },
    );
  }

  #unavailable(why: string, cause: unknown): MillraceError {
    const { name } = this.#options;
    return new MillraceError('retryable', 'SINK_UNAVAILABLE', `queue ${name}: ${why}`, {
      fields: { queue: name },
      cause,
    });
  }
}

const standardMessage = ({ value, outputId }: OutputRow): QueueMessage => ({ body: encodeMessage(value), outputId });

const fifoMessage = (row: OutputRow): QueueMessage => ({
  ...standardMessage(row),
  groupId: row.partitionKey ?? defaultGroup(row),
  dedupId: dedupIdOf(row.outputId),
});

/** Rows of one partition keep their order; those of a stage without keys that of their shard. */
const defaultGroup = ({ lp, unit }: OutputRow): string => (lp < 0 ? dedupIdOf(unit) : `lp-${lp}`);

/** An output id is longer than the 128 characters that a deduplication id may have, and has others than it may. */
export const dedupIdOf = (outputId: string): string => createHash('sha256').update(outputId).digest('hex');

const countMessages = (groups: readonly (readonly QueueMessage[])[]): number =>
  groups.reduce((sum, group) => sum + group.length, 0);
