/** A message queue with the semantics of Amazon SQS: `lib/aws` speaks to SQS, `lib/memory` behaves like it. */

export interface QueueMessage {
  readonly body: string;
  /** Travels as the attribute {@link outputIdAttribute}. */
  readonly outputId: string;
  /** FIFO queues only: messages of one group are delivered in the order in which they were taken. */
  readonly groupId?: string | undefined;
  /** FIFO queues only: within {@link dedupWindowMs} a queue takes one message of this id. */
  readonly dedupId?: string | undefined;
}

export type SendOutcome =
  | { readonly ok: true }
  /** `senderFault`: the message itself is wrong, and will be refused again. */
  | { readonly ok: false; readonly code: string; readonly message: string; readonly senderFault: boolean };

export interface QueuePort {
  /**
   * Sends a batch of at most {@link messagesPerBatch} messages. Some may be taken while others are not.
   * @returns an outcome for each
   * @throws MillraceError `SINK_UNAVAILABLE` (retryable) where nobody knows what was taken; `QUEUE_NOT_FOUND`,
   * `ACCESS_DENIED` (configuration), `SINK_REFUSED` (operator)
   */
  send(messages: readonly QueueMessage[]): Promise<readonly SendOutcome[]>;
}

/** The limits of a batch. Its messages together may have as many bytes as one alone. */
export const messagesPerBatch = 10;

/** How long a FIFO queue remembers what it has taken. */
export const dedupWindowMs = 5 * 60_000;

/** The message attribute with the output's id. */
export const outputIdAttribute = 'millrace-id';

/** What every queue takes; one can be set up for less, down to 1 KiB, or more, up to 1 MiB. */
export const defaultMessageBytes = 256 * 1024;

/** The name, type and value of the id's attribute count as the body does. */
const attributeBytes = (outputId: string): number => outputIdAttribute.length + 'String'.length + outputId.length;

export const messageBytes = ({ body, outputId }: Pick<QueueMessage, 'body' | 'outputId'>): number =>
  Buffer.byteLength(body) + attributeBytes(outputId);
