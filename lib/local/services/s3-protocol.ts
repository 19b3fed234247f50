import { shaMetadata } from '../../connectors/s3/object-store.ts';
import type { MemoryObjectStore } from '../../memory/memory-object-store.ts';
import type { LoopbackAnswer, LoopbackRequest } from './loopback-server.ts';

const metadataHeader = `x-amz-meta-${shaMetadata}`;

/** As much of the protocol of S3 as a sink speaks, with buckets as paths: a conditional `PutObject`, and `HeadObject`. */
export const answerS3 = async (
  { method, path, headers, body }: LoopbackRequest,
  bucketOf: (name: string) => MemoryObjectStore | undefined,
): Promise<LoopbackAnswer> => {
  const [, name = '', key = ''] = /^\/([^/]+)\/(.+)$/.exec(path) ?? [];
  const store = bucketOf(name);
  if (store === undefined) return s3Failure(404, 'NoSuchBucket');
  if (method === 'HEAD') {
    const sha = await store.shaOf(key);
    return sha === undefined ? { status: 404 } : { status: 200, headers: { [metadataHeader]: sha } };
  }
  if (method !== 'PUT' || headers['if-none-match'] !== '*') return s3Failure(501, 'NotImplemented');
  const created = await store.create({
    key,
    body,
    contentType: headers['content-type'] ?? '',
    sha: String(headers[metadataHeader] ?? ''),
  });
  return created === 'created' ? { status: 200, headers: { etag: '"0"' } } : s3Failure(412, 'PreconditionFailed');
};

/** An error as S3 says it. */
export const s3Failure = (status: number, code: string): LoopbackAnswer => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`,
});
