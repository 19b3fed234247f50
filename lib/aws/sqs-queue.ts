import { SendMessageBatchCommand, type SendMessageBatchRequestEntry, SQSClient } from '@aws-sdk/client-sqs';
import {
  outputIdAttribute,
  type QueueMessage,
  type QueuePort,
  type SendOutcome,
} from '../connectors/sqs/queue-port.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import { toMillraceError } from './aws-errors.ts';
import { type ClientOptions, clientConfiguration } from './clients.ts';

export interface SqsQueueOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
}

/** A client as the others are set up. Its endpoint may also come from `AWS_ENDPOINT_URL_SQS`. */
export const createSqsClient = (options: ClientOptions = {}): SQSClient =>
  new SQSClient(clientConfiguration(options, options.endpoint));

/** A queue of Amazon SQS. */
export class SqsQueue implements QueuePort {
  readonly #client: SQSClient;
  readonly #queueUrl: string;

  constructor({ client, queueUrl }: SqsQueueOptions) {
    this.#client = client;
    this.#queueUrl = queueUrl;
  }

  async send(messages: readonly QueueMessage[]): Promise<readonly SendOutcome[]> {
    const command = new SendMessageBatchCommand({ QueueUrl: this.#queueUrl, Entries: messages.map(entryOf) });
    const answer = await this.#client.send(command).catch((error: unknown) => {
      throw this.#error(error);
    });
    const taken = new Set(answer.Successful?.map(({ Id }) => Id));
    const failed = new Map(answer.Failed?.map((failure) => [failure.Id, failure]));
    return messages.map((_, i): SendOutcome => {
      if (taken.has(String(i))) return { ok: true };
      const {
        Code: code = 'NoAnswer',
        Message: message = code,
        SenderFault: senderFault = false,
      } = failed.get(String(i)) ?? {};
      return { ok: false, code, message, senderFault };
    });
  }

  #error(error: unknown): unknown {
    const mapped = toMillraceError(error, { resource: 'queue', name: this.#queueUrl, effect: 'write' });
    const { name, message, $metadata } = error as {
      name: string;
      message: string;
      $metadata?: { httpStatusCode?: number };
    };
    // A request that no repetition mends: another kind of queue, or a batch that is too long for it.
    const isOurs = mapped instanceof MillraceError && mapped.retryable && $metadata?.httpStatusCode === 400;
    if (!isOurs || /throttl/i.test(name)) return mapped;
    return new MillraceError(
      'operator',
      'SINK_REFUSED',
      `queue ${this.#queueUrl} refuses a batch: ${name}: ${message}`,
      {
        fix: "Compare the queue's type and MaximumMessageSize with the sink's options.",
        fields: { queue: this.#queueUrl, reason: name },
        cause: error,
      },
    );
  }
}

const entryOf = ({ body, outputId, groupId, dedupId }: QueueMessage, i: number): SendMessageBatchRequestEntry => ({
  Id: String(i),
  MessageBody: body,
  MessageAttributes: { [outputIdAttribute]: { DataType: 'String', StringValue: outputId } },
  ...(groupId === undefined ? {} : { MessageGroupId: groupId }),
  ...(dedupId === undefined ? {} : { MessageDeduplicationId: dedupId }),
});
