import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IStream } from 'aws-cdk-lib/aws-kinesis';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';

/** The bucket for large payloads, and what its keys begin with. */
export interface BlobStore {
  readonly bucket: IBucket;
  readonly prefix: string;
}

/** What a pipeline works with, by the logical names of its plan. */
export interface PipelineResources {
  readonly stateTable: ITable;
  readonly streams: ReadonlyMap<string, IStream>;
  readonly tables: ReadonlyMap<string, ITable>;
  readonly queues: ReadonlyMap<string, IQueue>;
  readonly buckets: ReadonlyMap<string, IBucket>;
  readonly blobs: BlobStore | undefined;
}
