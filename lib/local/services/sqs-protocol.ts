import { createHash, randomUUID } from 'node:crypto';
import { outputIdAttribute, type QueueMessage } from '../../connectors/sqs/queue-port.ts';
import type { MemoryQueue } from '../../memory/memory-queue.ts';
import type { LoopbackAnswer, LoopbackRequest } from './loopback-server.ts';

interface Entry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
  readonly MessageAttributes?: Readonly<Record<string, { readonly StringValue?: string }>>;
}

export const isSqsRequest = ({ headers }: LoopbackRequest): boolean =>
  String(headers['x-amz-target'] ?? '').startsWith('AmazonSQS.');

/** As much of the JSON protocol of SQS as a sink speaks: `SendMessageBatch`. */
export const answerSqs = async (
  { headers, body }: LoopbackRequest,
  queueOf: (name: string) => MemoryQueue | undefined,
): Promise<LoopbackAnswer> => {
  const action = String(headers['x-amz-target']).slice('AmazonSQS.'.length);
  if (action !== 'SendMessageBatch') return failed('UnsupportedOperation', `${action} is not spoken here`);
  const { QueueUrl, Entries } = JSON.parse(body.toString()) as { QueueUrl: string; Entries: readonly Entry[] };
  const queue = queueOf(QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1));
  if (queue === undefined) return failed('QueueDoesNotExist', 'The specified queue does not exist.');
  const outcomes = await queue.send(Entries.map(messageOf));
  const Successful = Entries.filter((_, i) => outcomes[i]?.ok === true).map(({ Id, MessageBody }) => ({
    Id,
    MessageId: randomUUID(),
    MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex'),
  }));
  const Failed = Entries.flatMap(({ Id }, i) => {
    const outcome = outcomes[i];
    if (outcome === undefined || outcome.ok) return [];
    return [{ Id, Code: outcome.code, Message: outcome.message, SenderFault: outcome.senderFault }];
  });
  return json(200, { Successful, Failed });
};

const messageOf = ({
  MessageBody,
  MessageGroupId,
  MessageDeduplicationId,
  MessageAttributes,
}: Entry): QueueMessage => ({
  body: MessageBody,
  outputId: MessageAttributes?.[outputIdAttribute]?.StringValue ?? '',
  groupId: MessageGroupId,
  dedupId: MessageDeduplicationId,
});

const failed = (name: string, message: string): LoopbackAnswer =>
  json(400, { __type: `com.amazonaws.sqs#${name}`, message });

const json = (status: number, body: unknown): LoopbackAnswer => ({
  status,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify(body),
});
