import type { BlobBucket } from '../lib/state/blob-bucket.ts';
import { clientOptions, type EndpointOptions } from './endpoint.ts';
import type { Terminal } from './terminal.ts';

/**
 * The bucket that `--blobs` names, to read from: `name`, or `name/prefix` with the deployment's prefix as it is.
 *
 * @throws MillraceError `ENDPOINT_REQUIRED`, `INVALID_ARGUMENT`
 */
export const openBlobs = async (
  given: string | undefined,
  options: EndpointOptions,
  env: Terminal['env'],
): Promise<BlobBucket | undefined> => {
  if (given === undefined) return undefined;
  const endpoint = env.AWS_ENDPOINT_URL_S3 ?? options.endpoint;
  const connection = clientOptions(
    { ...options, ...(endpoint !== undefined && { endpoint }) },
    { ...env, AWS_ENDPOINT_URL_DYNAMODB: undefined },
  );
  const [{ S3Blobs }, { createS3Client }] = await Promise.all([
    import('../lib/aws/s3-blobs.ts'),
    import('../lib/aws/s3-objects.ts'),
  ]);
  const [bucket = '', ...prefix] = given.split('/');
  return new S3Blobs({ client: createS3Client(connection), bucket, prefix: prefix.join('/'), takesNew: false });
};
