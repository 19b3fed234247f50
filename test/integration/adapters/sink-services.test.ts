import { GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createS3Client, S3Objects } from '../../../lib/aws/s3-objects.ts';
import { createSqsClient, SqsQueue } from '../../../lib/aws/sqs-queue.ts';
import { FetchEndpoint } from '../../../lib/connectors/http/fetch-endpoint.ts';
import { httpSink } from '../../../lib/connectors/http-sink.ts';
import { S3SinkWriter } from '../../../lib/connectors/s3/s3-sink-writer.ts';
import { s3Sink } from '../../../lib/connectors/s3-sink.ts';
import type { HttpSinkSpec } from '../../../lib/connectors/specs.ts';
import { SqsSinkWriter } from '../../../lib/connectors/sqs/sqs-sink-writer.ts';
import { sqsSink } from '../../../lib/connectors/sqs-sink.ts';
import {
  type LoopbackAnswer,
  type LoopbackRequest,
  startLoopbackServer,
} from '../../../lib/local/services/loopback-server.ts';
import { SinkServices } from '../../../lib/local/services/sink-services.ts';
import { outputRow } from '../../support/output-rows.ts';

const schema = z.object({ a: z.number() });
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
let services: SinkServices;

beforeAll(async () => {
  services = await SinkServices.start();
  services.create(sqsSink({ queue: 'plain', schema }).spec, 'plain');
  services.create(sqsSink({ queue: 'order.fifo', schema }).spec, 'order.fifo');
  services.create(s3Sink({ bucket: 'archive', schema }).spec, 'archive');
});
afterAll(() => services.stop());

const connection = () => ({
  endpoint: services.environment.AWS_ENDPOINT_URL_SQS as string,
  region: 'us-east-1',
  credentials,
});

describe('the SQS client', () => {
  const open = (name: string, fifo: boolean) => {
    const client = createSqsClient(connection());
    return new SqsSinkWriter({ queue: new SqsQueue({ client, queueUrl: services.queueUrl(name) }), name, fifo });
  };

  it('sends what the writer means', async () => {
    await open('plain', false).write([outputRow({ a: 1 }, 1, 0), outputRow({ a: 'ä\u0001\uffff' }, 1, 1)]);
    expect(services.queue('plain')?.messages()).toMatchObject([
      { body: '{"a":1}', outputId: outputRow(0, 1, 0).outputId, groupId: undefined, dedupId: undefined },
      { body: '{"a":"ä\\u0001\\uffff"}', outputId: outputRow(0, 1, 1).outputId },
    ]);
  });

  it('sends groups and deduplication ids to a FIFO queue', async () => {
    const writer = open('order.fifo', true);
    const rows = Array.from({ length: 12 }, (_, i) => outputRow({ a: i }, 1, i, { partitionKey: `g${i % 2}` }));
    await writer.write(rows);
    await writer.write(rows);
    const taken = services.queue('order.fifo')?.messages() ?? [];
    expect(taken).toHaveLength(12);
    expect(taken.filter(({ groupId }) => groupId === 'g1').map(({ body }) => JSON.parse(body).a)).toEqual([
      1, 3, 5, 7, 9, 11,
    ]);
  });

  it('says that there is no queue, that a message is refused, and that nobody answers', async () => {
    const rows = [outputRow({ a: 1 }, 1, 0)];
    await expect(open('none', false).write(rows)).rejects.toMatchObject({
      code: 'QUEUE_NOT_FOUND',
      kind: 'configuration',
    });
    await expect(open('order.fifo', false).write(rows)).rejects.toMatchObject({
      code: 'SINK_REFUSED',
      kind: 'operator',
    });
    const client = createSqsClient({ ...connection(), endpoint: 'http://127.0.0.1:9', maxAttempts: 1 });
    const silent = new SqsQueue({ client, queueUrl: 'http://127.0.0.1:9/000000000000/plain' });
    await expect(silent.send([{ body: '1', outputId: 'x' }])).rejects.toMatchObject({
      code: 'SINK_UNAVAILABLE',
      kind: 'retryable',
    });
  });

  it('blocks by a request that is not understood', async () => {
    const client = createSqsClient(connection());
    await expect(client.send(new GetQueueUrlCommand({ QueueName: 'plain' }))).rejects.toThrow('not spoken here');
  });
});

describe('the S3 client', () => {
  const open = (bucket: string) => {
    const store = new S3Objects({ client: createS3Client(connection()), bucket });
    return { store, writer: new S3SinkWriter({ store, bucket, prefix: 'p/', format: 'jsonl.gz' }) };
  };

  it('creates an object once, and finds its own there', async () => {
    const { writer } = open('archive');
    const rows = [outputRow({ a: 1 }, 1, 0), outputRow({ a: 2 }, 1, 1)];
    await writer.write(rows);
    await writer.write(rows);
    const store = services.bucket('archive');
    expect(store?.keys()).toEqual(['p/job/1/stage/stream@1/shardId-000000000000/000000000000001-0000000000.jsonl.gz']);
    const key = store?.keys()[0] as string;
    expect(store?.lines(key)).toEqual([{ a: 1 }, { a: 2 }]);
    expect(store?.get(key)).toMatchObject({
      contentType: 'application/gzip',
      sha: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('finds an object of somebody else', async () => {
    const { writer } = open('archive');
    await writer.write([outputRow({ a: 1 }, 5, 0)]);
    await expect(writer.write([outputRow({ a: 2 }, 5, 0)])).rejects.toMatchObject({ code: 'SINK_OBJECT_CONFLICT' });
  });

  it('says that there is no bucket', async () => {
    await expect(open('none').writer.write([outputRow({ a: 1 }, 1, 0)])).rejects.toMatchObject({
      code: 'BUCKET_NOT_FOUND',
      kind: 'configuration',
    });
  });

  it('knows nothing of an object that is not there', async () => {
    expect(await open('archive').store.shaOf('p/none')).toBeUndefined();
  });
});

describe('a webhook over fetch', () => {
  const serve = async (answer: (request: LoopbackRequest) => LoopbackAnswer | Promise<LoopbackAnswer>) => {
    const requests: LoopbackRequest[] = [];
    const server = await startLoopbackServer(async (request) => {
      requests.push(request);
      return answer(request);
    });
    return { ...server, requests };
  };

  const endpointOf = (url: HttpSinkSpec['url'], headers: HttpSinkSpec['headers'] = {}, environment = {}) =>
    new FetchEndpoint('hook', httpSink({ url, headers, schema }).spec as HttpSinkSpec, environment);

  const request = { body: '{"a":1}', outputId: 'job/1/stage/stream@1/shardId-0/7/0', timeoutMs: 2_000 };

  it('posts JSON with its key, and headers from the environment and from functions', async () => {
    const server = await serve(() => ({ status: 202, headers: { 'retry-after': '9' } }));
    const headers = { 'x-kind': 'row', authorization: { env: 'TOKEN' }, 'x-signature': async () => 'signed' };
    const endpoint = endpointOf({ env: 'HOOK' }, headers, { TOKEN: 'Bearer abc', HOOK: `${server.endpoint}/rows?x=1` });
    expect(await endpoint.post(request)).toEqual({ status: 202, retryAfter: '9' });
    expect(server.requests[0]).toMatchObject({ method: 'POST', path: '/rows' });
    expect(server.requests[0]?.body.toString()).toBe('{"a":1}');
    expect(server.requests[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      'idempotency-key': request.outputId,
      'x-kind': 'row',
      authorization: 'Bearer abc',
      'x-signature': 'signed',
    });
    await server.stop();
  });

  it('does not follow to where its headers were not meant to go', async () => {
    const other = await serve(() => ({ status: 200 }));
    const server = await serve(() => ({ status: 307, headers: { location: other.endpoint } }));
    expect(await endpointOf(server.endpoint).post(request)).toMatchObject({ status: 307 });
    expect(other.requests).toEqual([]);
    await Promise.all([server.stop(), other.stop()]);
  });

  it('is unavailable when nobody answers, or not in time, and keeps address and secrets to itself', async () => {
    const server = await serve(() => new Promise<LoopbackAnswer>(() => undefined));
    const environment = { TOKEN: 'Bearer abc' };
    for (const url of [`${server.endpoint}/secret-path`, 'http://127.0.0.1:9/secret-path']) {
      const post = endpointOf(url, { authorization: { env: 'TOKEN' } }, environment).post({
        ...request,
        timeoutMs: 200,
      });
      const error = await post.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'SINK_UNAVAILABLE', kind: 'retryable' });
      expect(JSON.stringify(error) + String(error)).not.toMatch(/abc|secret-path/);
    }
    await server.stop();
  });

  it('says which variable is missing', async () => {
    await expect(endpointOf({ env: 'HOOK' }).post(request)).rejects.toMatchObject({
      code: 'DEPLOYMENT_INVALID',
      fields: { variable: 'HOOK' },
    });
  });
});
