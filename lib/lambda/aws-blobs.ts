import type { Environment } from '../connectors/http/header-values.ts';
import type { BlobBucket } from '../state/blob-bucket.ts';
import type { BlobsDeployment } from './deployment.ts';
import { leftOut } from './left-out.ts';

/** The bucket of a deployment. Its client is loaded when it is used: a stage whose payloads are small never does. */
export const awsBlobs = (
  { bucket, prefix, readOnly = false }: BlobsDeployment,
  environment: Environment,
): BlobBucket => {
  const takesNew = !readOnly;
  const load = async (): Promise<BlobBucket> => {
    const [{ S3Blobs }, { createS3Client }] = process.env.MILLRACE_WITHOUT_S3
      ? leftOut('s3')
      : await Promise.all([import('../aws/s3-blobs.ts'), import('../aws/s3-objects.ts')]);
    const ownEndpoint = (environment.AWS_ENDPOINT_URL_S3 ?? environment.AWS_ENDPOINT_URL) !== undefined;
    return new S3Blobs({ client: createS3Client({}, ownEndpoint), bucket, prefix, takesNew });
  };
  let loaded: Promise<BlobBucket> | undefined;
  const opened = (): Promise<BlobBucket> => {
    loaded ??= load();
    return loaded;
  };
  return {
    takesNew,
    put: async (key, content) => (await opened()).put(key, content),
    get: async (key, range) => (await opened()).get(key, range),
    deleteMany: async (keys) => (keys.length === 0 ? undefined : (await opened()).deleteMany(keys)),
    list: async (prefix, after) => (await opened()).list(prefix, after),
  };
};
