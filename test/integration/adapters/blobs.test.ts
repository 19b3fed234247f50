import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DynamoItemStore } from '../../../lib/aws/dynamo-item-store.ts';
import { S3Blobs } from '../../../lib/aws/s3-blobs.ts';
import { createS3Client } from '../../../lib/aws/s3-objects.ts';
import { createStateTable } from '../../../lib/local/engines/resources.ts';
import { type Engines, startEngines } from '../../../lib/local/engines/start-engines.ts';
import { type LoopbackAnswer, startLoopbackServer } from '../../../lib/local/services/loopback-server.ts';
import { s3Failure } from '../../../lib/local/services/s3-protocol.ts';
import { SinkServices } from '../../../lib/local/services/sink-services.ts';
import { MemoryBlobBucket } from '../../../lib/memory/memory-blob-bucket.ts';
import { MemoryItemStore } from '../../../lib/memory/memory-item-store.ts';
import { describeBlobs } from './blob-suite.ts';

let engines: Engines;
let services: SinkServices;

beforeAll(async () => {
  engines = await startEngines();
  await createStateTable(engines.clients.dynamo, 'blobs');
  services = await SinkServices.start();
  // Small pages, so that listings have several.
  services.createBlobs('state', new MemoryBlobBucket({ pageKeys: 4 }));
});
afterAll(async () => {
  await services?.stop();
  await engines?.stop();
});

const s3 = (endpoint: string, bucket = 'state') => {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = createS3Client({ endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  return new S3Blobs({ client, bucket, prefix: 'revenue&co/' });
};
const loopback = () => services.environment.AWS_ENDPOINT_URL_S3 as string;

describeBlobs('chunks in memory', () => ({ items: new MemoryItemStore() }));

describeBlobs('chunks in the embedded DynamoDB engine', () => ({
  items: new DynamoItemStore({ client: engines.clients.dynamo, tableName: 'blobs' }),
}));

const inMemory = { items: new MemoryItemStore(), blobs: new MemoryBlobBucket({ pageKeys: 4 }) };
describeBlobs('a bucket in memory', () => inMemory);

describeBlobs('the S3 client', () => ({ items: new MemoryItemStore(), blobs: s3(loopback()) }));

describe('blobs in S3', () => {
  it('have names that sort by commit, under the prefix', async () => {
    const blobs = s3(loopback());
    for (const n of [10, 9]) await blobs.put(`order/00${n}!a`.replace('0010', '010'), Uint8Array.of(n));
    expect((await blobs.list('order/', '')).keys).toEqual(['order/009!a', 'order/010!a']);
    expect(services.blobs('state')?.keys()).toContain('revenue&co/order/010!a');
  });

  const answering = async (answer: LoopbackAnswer, use: (blobs: S3Blobs) => Promise<void>) => {
    const server = await startLoopbackServer(async () => answer);
    await use(s3(server.endpoint)).finally(() => server.stop());
  };
  const each = (blobs: S3Blobs) => ({
    put: () => blobs.put('a', Uint8Array.of(1)),
    delete: () => blobs.deleteMany(['a']),
    get: () => blobs.get('a'),
    list: () => blobs.list('', ''),
  });

  it.each([
    ['says that there is no bucket', s3Failure(404, 'NoSuchBucket'), 'BUCKET_NOT_FOUND', 'BUCKET_NOT_FOUND'],
    ['says what it may not do', s3Failure(403, 'AccessDenied'), 'ACCESS_DENIED', 'ACCESS_DENIED'],
    ['never guesses what became of a write', s3Failure(500, 'InternalError'), 'OUTCOME_UNKNOWN', 'STORE_UNAVAILABLE'],
    ['knows what was throttled', s3Failure(503, 'SlowDown'), 'STORE_UNAVAILABLE', 'STORE_UNAVAILABLE'],
  ])('%s', async (_what, answer, ofWrites, ofReads) => {
    await answering(answer, async (blobs) => {
      const calls = each(blobs);
      for (const call of [calls.put, calls.delete]) await expect(call()).rejects.toMatchObject({ code: ofWrites });
      for (const call of [calls.get, calls.list]) await expect(call()).rejects.toMatchObject({ code: ofReads });
    });
  });

  it('says that nobody answers', async () => {
    const calls = each(s3('http://127.0.0.1:9'));
    await expect(calls.put()).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN', kind: 'retryable' });
    await expect(calls.get()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', kind: 'retryable' });
  });

  it('does not take a deletion for done that was refused for one key', async () => {
    const body =
      '<?xml version="1.0"?><DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>';
    await answering({ status: 200, headers: { 'content-type': 'application/xml' }, body }, async (blobs) => {
      await expect(blobs.deleteMany(['a'])).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
    });
  });
});
