import type { BlobsDeployment } from '../lib/lambda/deployment.ts';
import type { BlobBucket } from '../lib/state/blob-bucket.ts';
import { clientOptions, type EndpointOptions } from './endpoint.ts';
import type { Terminal } from './terminal.ts';

/**
 * The bucket of a deployment, to read from: at `AWS_ENDPOINT_URL_S3`, or else where the state table is.
 *
 * @throws MillraceError `ENDPOINT_REQUIRED`, `INVALID_ARGUMENT`
 */
export const openBlobs = async (
  { bucket, prefix }: BlobsDeployment,
  options: EndpointOptions,
  env: Terminal['env'],
): Promise<BlobBucket> => {
  const endpoint = env.AWS_ENDPOINT_URL_S3 ?? options.endpoint;
  const connection = clientOptions(
    { ...options, ...(endpoint !== undefined && { endpoint }) },
    { ...env, AWS_ENDPOINT_URL_DYNAMODB: undefined },
  );
  const [{ S3Blobs }, { createS3Client }] = await Promise.all([
    import('../lib/aws/s3-blobs.ts'),
    import('../lib/aws/s3-objects.ts'),
  ]);
  return new S3Blobs({ client: createS3Client(connection), bucket, prefix, takesNew: false });
};
