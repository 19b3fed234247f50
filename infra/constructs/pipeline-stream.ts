import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

export interface PipelineStreamProps {
  readonly shards: number | 'on-demand';
  readonly retention: Duration;
  readonly encryptionKey: IKey | undefined;
  readonly removalPolicy: RemovalPolicy;
}

/** A stream of a source, between two stages, or of a sink: encrypted, and kept. */
export const createPipelineStream = (scope: Construct, logical: string, props: PipelineStreamProps): Stream => {
  const { shards, retention, encryptionKey, removalPolicy } = props;
  const stream = new Stream(scope, logical, {
    ...(shards === 'on-demand' ? { streamMode: StreamMode.ON_DEMAND } : { shardCount: shards }),
    retentionPeriod: retention,
    ...(encryptionKey === undefined
      ? { encryption: StreamEncryption.MANAGED }
      : { encryption: StreamEncryption.KMS, encryptionKey }),
    removalPolicy,
  });
  if (encryptionKey !== undefined)
    acknowledge(stream, 'AwsSolutions-KDS3', 'A key of its own was asked for, which says who may read what.');
  return stream;
};
