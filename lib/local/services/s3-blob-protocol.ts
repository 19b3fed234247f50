import type { MemoryBlobBucket } from '../../memory/memory-blob-bucket.ts';
import type { LoopbackAnswer, LoopbackRequest } from './loopback-server.ts';
import { s3Failure } from './s3-protocol.ts';

/**
 * As much of the protocol of S3 as a job speaks that keeps large payloads there: `PutObject`, `GetObject` of a range,
 * `DeleteObjects` and `ListObjectsV2`.
 */
export const answerBlobs = async (
  { method, path, query, headers, body }: LoopbackRequest,
  bucket: MemoryBlobBucket,
): Promise<LoopbackAnswer> => {
  const key = /^\/[^/]+\/(.+)$/.exec(path)?.[1];
  if (key !== undefined && method === 'PUT') {
    await bucket.put(key, body);
    return { status: 200, headers: { etag: '"0"' } };
  }
  if (key !== undefined && method === 'GET') return getObject(bucket, key, headers.range);
  if (method === 'POST' && query.has('delete')) return deleteObjects(bucket, body.toString());
  if (method === 'GET' && query.get('list-type') === '2') return listObjects(bucket, query);
  return s3Failure(501, 'NotImplemented');
};

const getObject = async (bucket: MemoryBlobBucket, key: string, range: string | undefined): Promise<LoopbackAnswer> => {
  const whole = await bucket.get(key);
  if (whole === undefined) return s3Failure(404, 'NoSuchKey');
  if (range === undefined) return { status: 200, body: whole };
  const [, from, last] = (/^bytes=(\d+)-(\d+)$/.exec(range) ?? []).map(Number);
  if (from === undefined || last === undefined) return s3Failure(501, 'NotImplemented');
  if (from >= whole.length) return s3Failure(416, 'InvalidRange');
  const part = whole.subarray(from, last + 1);
  const contentRange = `bytes ${from}-${from + part.length - 1}/${whole.length}`;
  return { status: 206, headers: { 'content-range': contentRange }, body: part };
};

const deleteObjects = async (bucket: MemoryBlobBucket, request: string): Promise<LoopbackAnswer> => {
  await bucket.deleteMany([...request.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => unescapeXml(key)));
  return xml('<DeleteResult/>');
};

const listObjects = async (bucket: MemoryBlobBucket, query: URLSearchParams): Promise<LoopbackAnswer> => {
  const { keys, more } = await bucket.list(query.get('prefix') ?? '', query.get('start-after') ?? '');
  const contents = keys.map((key) => `<Contents><Key>${escapeXml(key)}</Key></Contents>`).join('');
  return xml(`<ListBucketResult><IsTruncated>${more}</IsTruncated>${contents}</ListBucketResult>`);
};

const xml = (content: string): LoopbackAnswer => ({
  status: 200,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?>${content}`,
});

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' } as const;

const escapeXml = (text: string): string => text.replace(/[&<>"']/g, (one) => entities[one as keyof typeof entities]);

const unescapeXml = (text: string): string =>
  Object.entries(entities).reduceRight((left, [one, entity]) => left.replaceAll(entity, one), text);
