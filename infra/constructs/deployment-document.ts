import type { Deployment } from '../../lib/lambda/deployment.ts';
import type { PipelineResources } from './pipeline-resources.ts';

/**
 * Where the plan's logical names lead: what each function has as `MILLRACE_DEPLOYMENT`, and commands take as `--deployment`. Values
 * are CDK tokens until it is deployed.
 */
export const deploymentOf = ({
  stateTable,
  streams,
  tables,
  queues,
  buckets,
  blobs,
}: PipelineResources): Deployment => ({
  stateTable: stateTable.tableName,
  streams: namesOf(streams, ({ streamName }) => streamName),
  tables: namesOf(tables, ({ tableName }) => tableName),
  ...(queues.size > 0 && { queues: namesOf(queues, ({ queueUrl }) => queueUrl) }),
  ...(buckets.size > 0 && { buckets: namesOf(buckets, ({ bucketName }) => bucketName) }),
  ...(blobs !== undefined && { blobs: { bucket: blobs.bucket.bucketName, prefix: blobs.prefix } }),
});

const namesOf = <T>(all: ReadonlyMap<string, T>, nameOf: (one: T) => string): Record<string, string> =>
  Object.fromEntries([...all].map(([logical, one]) => [logical, nameOf(one)]));
