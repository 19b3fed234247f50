import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { forEachInFlight } from '../core/in-flight.ts';
import type { BlobBucket, ByteRange, KeyPage } from '../state/blob-bucket.ts';
import { type CallContext, errorName, toMillraceError } from './aws-errors.ts';

export interface S3BlobsOptions {
  readonly client: S3Client;
  readonly bucket: string;
  /** Begins every key. Default empty. */
  readonly prefix?: string | undefined;
  /** Default true. */
  readonly takesNew?: boolean;
}

const KEYS_PER_DELETE = 1_000;
const DELETES_IN_FLIGHT = 4;

/** Large payloads in a bucket of Amazon S3, which shows every acknowledged write to reads and listings at once. */
export class S3Blobs implements BlobBucket {
  readonly takesNew: boolean;
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor({ client, bucket, prefix = '', takesNew = true }: S3BlobsOptions) {
    this.#client = client;
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.takesNew = takesNew;
  }

  async put(key: string, content: Uint8Array): Promise<void> {
    await this.#attempt('write', () =>
      this.#client.send(new PutObjectCommand({ ...this.#object(key), Body: content })),
    );
  }

  async get(key: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    const part = range === undefined ? {} : { Range: `bytes=${range.from}-${range.to - 1}` };
    try {
      const { Body } = await this.#client.send(new GetObjectCommand({ ...this.#object(key), ...part }));
      // The body comes after the answer: it may break off too.
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    } catch (error) {
      if (errorName(error) === 'NoSuchKey') return undefined;
      if (errorName(error) === 'InvalidRange') return new Uint8Array();
      throw this.#error(error, 'read');
    }
  }

  async deleteMany(keys: readonly string[]): Promise<void> {
    const objects = [...new Set(keys)].map((key) => ({ Key: `${this.#prefix}${key}` }));
    const requests = Array.from({ length: Math.ceil(objects.length / KEYS_PER_DELETE) }, (_, i) =>
      objects.slice(i * KEYS_PER_DELETE, (i + 1) * KEYS_PER_DELETE),
    );
    await forEachInFlight(requests, DELETES_IN_FLIGHT, (Objects) =>
      this.#attempt('write', async () => {
        const { Errors } = await this.#client.send(
          new DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Objects, Quiet: true } }),
        );
        const refused = Errors?.[0];
        if (refused === undefined) return;
        throw Object.assign(new Error(`${refused.Key}: ${refused.Message}`), { name: refused.Code ?? 'Error' });
      }),
    );
  }

  async list(prefix: string, after: string): Promise<KeyPage> {
    const { Contents = [], IsTruncated } = await this.#attempt('read', () =>
      this.#client.send(
        new ListObjectsV2Command({
          Bucket: this.#bucket,
          Prefix: `${this.#prefix}${prefix}`,
          StartAfter: `${this.#prefix}${after}`,
        }),
      ),
    );
    return {
      keys: Contents.map(({ Key = '' }) => Key.slice(this.#prefix.length)),
      more: IsTruncated === true,
    };
  }

  #object(key: string) {
    return { Bucket: this.#bucket, Key: `${this.#prefix}${key}` };
  }

  async #attempt<T>(effect: CallContext['effect'], call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw this.#error(error, effect);
    }
  }

  #error(error: unknown, effect: CallContext['effect']): unknown {
    return toMillraceError(error, { resource: 'bucket', name: this.#bucket, effect, holdsState: true });
  }
}
