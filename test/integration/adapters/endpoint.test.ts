import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type AwsClients, createClients } from '../../../lib/aws/clients.ts';
import { S3Blobs } from '../../../lib/aws/s3-blobs.ts';
import { createS3Client } from '../../../lib/aws/s3-objects.ts';
import { MemoryItemStore } from '../../../lib/memory/memory-item-store.ts';
import { describeAws } from './aws-suite.ts';
import { describeBlobs } from './blob-suite.ts';
import { uniqueName } from './unique-name.ts';

/** `npm run adapters -- --engine …` sets these. */
const everything = process.env.AWS_ENDPOINT_URL || undefined;
const dynamoEndpoint = process.env.AWS_ENDPOINT_URL_DYNAMODB || everything;
const kinesisEndpoint = process.env.AWS_ENDPOINT_URL_KINESIS || everything;
const loopback = ['127.0.0.1', 'localhost', '[::1]'];

if (dynamoEndpoint === undefined || kinesisEndpoint === undefined) {
  describe('AWS_ENDPOINT_URL', () => {
    it.skip('is not set: the adapters are tested against memory and the embedded engines only', () => undefined);
  });
} else {
  // These tests create tables and streams and leave them: never in an account.
  for (const endpoint of [dynamoEndpoint, kinesisEndpoint]) {
    if (loopback.includes(new URL(endpoint).hostname)) continue;
    throw new Error(`The endpoint is ${endpoint}; these tests run against a loopback address only`);
  }
  const connection = { dynamoEndpoint, kinesisEndpoint, region: process.env.AWS_REGION ?? 'us-east-1' };
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  let clients: AwsClients;
  beforeAll(() => {
    clients = createClients({ ...connection, credentials });
  });
  afterAll(() => clients?.destroy());
  const engine = process.env.MILLRACE_ENGINE ?? dynamoEndpoint;
  describeAws(engine, () => ({ clients, connection }));
  if (everything !== undefined)
    describeBucket(engine, { endpoint: everything, region: connection.region, credentials });
}

function describeBucket(
  engine: string,
  connection: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } },
): void {
  const bucket = uniqueName('blobs').toLowerCase();
  beforeAll(async () => {
    const client = new S3Client({ ...connection, forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    client.destroy();
  });
  describeBlobs(`S3 of ${engine}`, () => ({
    items: new MemoryItemStore(),
    blobs: new S3Blobs({ client: createS3Client(connection), bucket, prefix: 'revenue&co/' }),
  }));
}
