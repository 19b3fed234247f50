import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IStream } from 'aws-cdk-lib/aws-kinesis';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { acknowledgeObjects } from './acknowledge.ts';
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
const rowReads = ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:Scan'];
/** What DynamoDB does with a key on behalf of who writes a table. */
const tableKeyUse = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

export const grantList = (grantee: IGrantable, stream: IStream): Grant => stream.grant(grantee, ...listing);

export const grantRead = (grantee: IGrantable, stream: IStream): Grant =>
  withKey(stream.grant(grantee, ...reading), grantee, stream.encryptionKey, 'kms:Decrypt');

export const grantPut = (grantee: IGrantable, stream: IStream): Grant =>
  withKey(
    stream.grant(grantee, 'kinesis:PutRecords', ...listing),
    grantee,
    stream.encryptionKey,
    'kms:GenerateDataKey',
  );

/** To producers, who may put record by record. */
export const grantProduce = (grantee: IGrantable, stream: IStream): Grant =>
  stream.grant(grantee, 'kinesis:PutRecord').combine(grantPut(grantee, stream));

export const grantSubscribe = (grantee: IGrantable, consumerArn: string): Grant =>
  allow(grantee, ['kinesis:DescribeStreamConsumer', 'kinesis:SubscribeToShard'], consumerArn);

export const grantState = (grantee: IGrantable, table: ITable): Grant =>
  withKey(table.grant(grantee, ...stateReads, ...stateWrites), grantee, table.encryptionKey, ...tableKeyUse);

export const grantStateRead = (grantee: IGrantable, table: ITable): Grant =>
  withKey(table.grant(grantee, ...stateReads), grantee, table.encryptionKey, 'kms:Decrypt', 'kms:DescribeKey');

export const grantBlobs = (grantee: IGrantable, { bucket, prefix }: BlobStore): Grant =>
  withKey(
    allowObjects(grantee, ['s3:DeleteObject', 's3:GetObject', 's3:PutObject'], bucket, `${prefix}*`),
    grantee,
    bucket.encryptionKey,
    'kms:Decrypt',
    'kms:GenerateDataKey',
  ).combine(grantBlobList(grantee, bucket));

export const grantBlobsRead = (grantee: IGrantable, { bucket, prefix }: BlobStore): Grant =>
  withKey(
    allowObjects(grantee, ['s3:GetObject'], bucket, `${prefix}*`),
    grantee,
    bucket.encryptionKey,
    'kms:Decrypt',
  ).combine(grantBlobList(grantee, bucket));

/** That a missing object is missing, and not forbidden, is told only to who may list the bucket. */
const grantBlobList = (grantee: IGrantable, bucket: IBucket): Grant =>
  allow(grantee, ['s3:ListBucket'], bucket.bucketArn);

/** Rows are put under a condition; who owns one that refuses is read. */
export const grantRows = (grantee: IGrantable, table: ITable): Grant =>
  withKey(table.grant(grantee, 'dynamodb:GetItem', 'dynamodb:PutItem'), grantee, table.encryptionKey, ...tableKeyUse);

export const grantRowsRead = (grantee: IGrantable, table: ITable): Grant =>
  withKey(table.grant(grantee, ...rowReads), grantee, table.encryptionKey, 'kms:Decrypt', 'kms:DescribeKey');

export const grantSend = (grantee: IGrantable, queue: IQueue): Grant =>
  withKey(
    queue.grant(grantee, 'sqs:SendMessage'),
    grantee,
    queue.encryptionMasterKey,
    'kms:Decrypt',
    'kms:GenerateDataKey',
  );

/** @param objects pattern of their keys */
export const grantObjects = (grantee: IGrantable, bucket: IBucket, objects: string): Grant =>
  withKey(
    allowObjects(grantee, ['s3:GetObject', 's3:PutObject'], bucket, objects),
    grantee,
    bucket.encryptionKey,
    'kms:Decrypt',
    'kms:GenerateDataKey',
  );

const allow = (grantee: IGrantable, actions: string[], ...resourceArns: string[]): Grant =>
  Grant.addToPrincipal({ grantee, actions, resourceArns });

const allowObjects = (grantee: IGrantable, actions: string[], bucket: IBucket, keys: string): Grant => {
  const arn = bucket.arnForObjects(keys);
  acknowledgeObjects(grantee, arn);
  return allow(grantee, actions, arn);
};

const withKey = (grant: Grant, grantee: IGrantable, key: IKey | undefined, ...actions: string[]): Grant =>
  key === undefined ? grant : grant.combine(key.grant(grantee, ...actions));
