import type { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

export interface PipelineBucketProps {
  readonly encryptionKey: IKey | undefined;
  readonly accessLogs: IBucket | undefined;
  readonly removalPolicy: RemovalPolicy;
}

/** A private, encrypted bucket for the objects of a sink. */
export const createPipelineBucket = (scope: Construct, logical: string, props: PipelineBucketProps): IBucket => {
  const { encryptionKey, accessLogs, removalPolicy } = props;
  const bucket = new Bucket(scope, logical, {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    ...(encryptionKey === undefined
      ? { encryption: BucketEncryption.S3_MANAGED }
      : { encryption: BucketEncryption.KMS, encryptionKey, bucketKeyEnabled: true }),
    ...(accessLogs !== undefined && { serverAccessLogsBucket: accessLogs, serverAccessLogsPrefix: `${logical}/` }),
    removalPolicy,
  });
  // CDK's classes are not their interfaces under exactOptionalPropertyTypes.
  return bucket as IBucket;
};
