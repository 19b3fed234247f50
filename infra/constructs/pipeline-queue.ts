import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

export interface PipelineQueueProps {
  readonly encryptionKey: IKey | undefined;
  readonly removalPolicy: RemovalPolicy;
}

/** A queue that keeps messages as long as SQS can, and takes them over TLS only. */
export const createPipelineQueue = (
  scope: Construct,
  id: string,
  { encryptionKey, removalPolicy }: PipelineQueueProps,
  more: QueueProps = {},
): Queue => {
  const queue = new Queue(scope, id, {
    ...(encryptionKey === undefined
      ? { encryption: QueueEncryption.SQS_MANAGED }
      : { encryption: QueueEncryption.KMS, encryptionMasterKey: encryptionKey }),
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
    removalPolicy,
    ...more,
  });
  acknowledge(
    queue,
    'AwsSolutions-SQS3',
    'Who reads the queue decides after how many tries a message is given up; in a FIFO queue that breaks the order.',
  );
  return queue;
};
