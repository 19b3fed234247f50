import type { SinkSpec } from '../../connectors/specs.ts';
import { systemClock } from '../../core/clock.ts';
import { MemoryBlobBucket } from '../../memory/memory-blob-bucket.ts';
import { MemoryObjectStore } from '../../memory/memory-object-store.ts';
import { MemoryQueue } from '../../memory/memory-queue.ts';
import { type LoopbackServer, startLoopbackServer } from './loopback-server.ts';
import { answerBlobs } from './s3-blob-protocol.ts';
import { answerS3 } from './s3-protocol.ts';
import { answerSqs, isSqsRequest } from './sqs-protocol.ts';

/**
 * Queues and buckets for sinks, and buckets for blobs, in this process and behind one loopback endpoint: the SDK of another process or Worker writes
 * to them as to SQS and S3, and what they took can be looked at here.
 */
export class SinkServices {
  readonly #server: LoopbackServer;
  readonly #queues: Map<string, MemoryQueue>;
  readonly #buckets: Map<string, MemoryObjectStore>;
  readonly #blobBuckets: Map<string, MemoryBlobBucket>;

  private constructor(
    server: LoopbackServer,
    queues: Map<string, MemoryQueue>,
    buckets: Map<string, MemoryObjectStore>,
    blobBuckets: Map<string, MemoryBlobBucket>,
  ) {
    this.#server = server;
    this.#queues = queues;
    this.#buckets = buckets;
    this.#blobBuckets = blobBuckets;
  }

  static async start(): Promise<SinkServices> {
    const queues = new Map<string, MemoryQueue>();
    const buckets = new Map<string, MemoryObjectStore>();
    const blobBuckets = new Map<string, MemoryBlobBucket>();
    const server = await startLoopbackServer((request) => {
      if (isSqsRequest(request)) return answerSqs(request, (name) => queues.get(name));
      const blobs = blobBuckets.get(request.path.split('/')[1] ?? '');
      return blobs === undefined ? answerS3(request, (name) => buckets.get(name)) : answerBlobs(request, blobs);
    });
    return new SinkServices(server, queues, buckets, blobBuckets);
  }

  /** Makes what a sink writes to, unless it is there. @param physical its name in this process */
  create(spec: SinkSpec, physical: string): void {
    if (spec.kind === 'sqs' && !this.#queues.has(physical)) {
      const { fifo, maxMessageBytes } = spec;
      this.#queues.set(physical, new MemoryQueue({ fifo, maxMessageBytes, clock: systemClock }));
    }
    if (spec.kind === 's3' && !this.#buckets.has(physical)) this.#buckets.set(physical, new MemoryObjectStore());
  }

  /** Makes a bucket for large payloads. @param physical its name in this process, which no sink's bucket has */
  createBlobs(physical: string, bucket = new MemoryBlobBucket()): void {
    this.#blobBuckets.set(physical, bucket);
  }

  blobs(physical: string): MemoryBlobBucket | undefined {
    return this.#blobBuckets.get(physical);
  }

  queueUrl(physical: string): string {
    return `${this.#server.endpoint}/000000000000/${physical}`;
  }

  queue(physical: string): MemoryQueue | undefined {
    return this.#queues.get(physical);
  }

  bucket(physical: string): MemoryObjectStore | undefined {
    return this.#buckets.get(physical);
  }

  /** What another process needs to reach them through the plain SDK. */
  get environment(): Readonly<Record<string, string>> {
    const { endpoint } = this.#server;
    return { AWS_ENDPOINT_URL_SQS: endpoint, AWS_ENDPOINT_URL_S3: endpoint };
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }
}
