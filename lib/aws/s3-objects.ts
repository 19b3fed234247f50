import { HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type NewObject, type ObjectStore, shaMetadata } from '../connectors/s3/object-store.ts';
import { errorName, toMillraceError } from './aws-errors.ts';
import { type ClientOptions, clientConfiguration } from './clients.ts';

export interface S3ObjectsOptions {
  readonly client: S3Client;
  readonly bucket: string;
}

/** A client as the others are set up. Its endpoint may also come from `AWS_ENDPOINT_URL_S3`: buckets are then paths of it. */
export const createS3Client = (options: ClientOptions = {}, ownEndpoint = options.endpoint !== undefined): S3Client =>
  new S3Client({
    ...clientConfiguration(options, options.endpoint),
    forcePathStyle: ownEndpoint,
    // The SDK's own checksums of every body are more than other servers than S3 understand; TLS has one.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });

/** The objects of a bucket of Amazon S3. */
export class S3Objects implements ObjectStore {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor({ client, bucket }: S3ObjectsOptions) {
    this.#client = client;
    this.#bucket = bucket;
  }

  async create({ key, body, contentType, sha }: NewObject): Promise<'created' | 'exists'> {
    try {
      await this.#client.send(
        new PutObjectCommand({
          Bucket: this.#bucket,
          Key: key,
          Body: body,
          ContentType: contentType,
          Metadata: { [shaMetadata]: sha },
          IfNoneMatch: '*',
        }),
      );
      return 'created';
    } catch (error) {
      if (errorName(error) === 'PreconditionFailed' || statusOf(error) === 412) return 'exists';
      throw toMillraceError(error, { resource: 'bucket', name: this.#bucket, effect: 'write' });
    }
  }

  async shaOf(key: string): Promise<string | undefined> {
    try {
      const answer = await this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: key }));
      return answer.Metadata?.[shaMetadata];
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw toMillraceError(error, { resource: 'bucket', name: this.#bucket, effect: 'read' });
    }
  }
}

const statusOf = (error: unknown): number | undefined =>
  (error as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata?.httpStatusCode;
