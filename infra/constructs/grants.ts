import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IStream } from 'aws-cdk-lib/aws-kinesis';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { BlobStore } from './pipeline-resources.ts';

/**
 * What is allowed of each kind of resource, action by action. CDK's own grants have wildcards (`s3:GetObject*`,
 * `kms:GenerateDataKey*`), which allow more than anybody here needs.
 */

/** To find a stream's shards. */
const listing = ['kinesis:DescribeStreamSummary', 'kinesis:ListShards'];
/** `DescribeStream` is the mapping's; the rest is the probe's too. */
const reading = ['kinesis:DescribeStream', 'kinesis:GetRecords', 'kinesis:GetShardIterator', ...listing];
const stateReads = ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query'];
const stateWrites = ['dynamodb:BatchWriteItem', 'dynamodb:PutItem'];
/** What DynamoDB does with a key on behalf of who uses a table. */
const tableKeyUse = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

const allow = (grantee: IGrantable, actions: string[], ...resourceArns: string[]): void => {
  Grant.addToPrincipal({ grantee, actions, resourceArns });
};

export const grantList = (grantee: IGrantable, stream: IStream): void => {
  stream.grant(grantee, ...listing);
};

export const grantRead = (grantee: IGrantable, stream: IStream): void => {
  stream.grant(grantee, ...reading);
  stream.encryptionKey?.grant(grantee, 'kms:Decrypt');
};

/** To the stages of a pipeline, which put by shard. */
export const grantPut = (grantee: IGrantable, stream: IStream): void => {
  stream.grant(grantee, 'kinesis:PutRecords', ...listing);
  stream.encryptionKey?.grant(grantee, 'kms:GenerateDataKey');
};

export const grantSubscribe = (grantee: IGrantable, consumerArn: string): void =>
  allow(grantee, ['kinesis:DescribeStreamConsumer', 'kinesis:SubscribeToShard'], consumerArn);

export const grantState = (grantee: IGrantable, table: ITable): void => {
  table.grant(grantee, ...stateReads, ...stateWrites);
  table.encryptionKey?.grant(grantee, ...tableKeyUse);
};

export const grantBlobs = (grantee: IGrantable, { bucket, prefix }: BlobStore): void => {
  allow(grantee, ['s3:DeleteObject', 's3:GetObject', 's3:PutObject'], bucket.arnForObjects(`${prefix}*`));
  grantBlobList(grantee, bucket);
  bucket.encryptionKey?.grant(grantee, 'kms:Decrypt', 'kms:GenerateDataKey');
};

/** That a missing object is missing, and not forbidden, is told only to who may list the bucket. */
const grantBlobList = (grantee: IGrantable, bucket: IBucket): void =>
  allow(grantee, ['s3:ListBucket'], bucket.bucketArn);

/** Rows are put under a condition; who owns one that refuses is read. */
export const grantRows = (grantee: IGrantable, table: ITable): void => {
  table.grant(grantee, 'dynamodb:GetItem', 'dynamodb:PutItem');
  table.encryptionKey?.grant(grantee, ...tableKeyUse);
};

export const grantSend = (grantee: IGrantable, queue: IQueue): void => {
  queue.grant(grantee, 'sqs:SendMessage');
  queue.encryptionMasterKey?.grant(grantee, 'kms:Decrypt', 'kms:GenerateDataKey');
};

/** @param objects pattern of their keys */
export const grantObjects = (grantee: IGrantable, bucket: IBucket, objects: string): void => {
  allow(grantee, ['s3:GetObject', 's3:PutObject'], bucket.arnForObjects(objects));
  bucket.encryptionKey?.grant(grantee, 'kms:Decrypt', 'kms:GenerateDataKey');
};
