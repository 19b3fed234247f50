import { Arn, ArnFormat, Fn, Stack, Token } from 'aws-cdk-lib';
import { Table } from 'aws-cdk-lib/aws-dynamodb';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { type IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Plan } from '../../lib/graph/plan.ts';
import type { Deployment } from '../../lib/lambda/deployment.ts';
import type { PipelineResources } from './pipeline-resources.ts';
import { StreamPipelineBase } from './stream-pipeline-base.ts';

/** What tells a pipeline that was deployed elsewhere. */
export interface StreamPipelineAttributes {
  /** The plan that it was deployed from: of the imported pipeline, or as `millrace plan FILE --json` printed it. */
  readonly plan: Plan;
  /** Where its names lead: what the output `…Deployment` of its stack says. Single names may be tokens. */
  readonly deployment: Deployment;
  /**
   * The key that everything was created with, if it was given one.
   * @default - none: grants say nothing of keys
   */
  readonly encryptionKeyArn?: string;
}

/** A pipeline of another stack or app, in the same account and region. */
export class ImportedPipeline extends StreamPipelineBase {
  readonly plan: Plan;
  readonly resources: PipelineResources;

  constructor(scope: Construct, id: string, { plan, deployment, encryptionKeyArn }: StreamPipelineAttributes) {
    super(scope, id);
    this.plan = plan;
    this.resources = importResources(this, deployment, encryptionKeyArn);
  }
}

const importResources = (scope: Construct, deployment: Deployment, keyArn: string | undefined): PipelineResources => {
  const stack = Stack.of(scope);
  const key = keyArn === undefined ? {} : { encryptionKey: Key.fromKeyArn(scope, 'Key', keyArn) };
  const arnOf = (service: string, resource: string, resourceName: string) =>
    Arn.format({ service, resource, resourceName, arnFormat: ArnFormat.SLASH_RESOURCE_NAME }, stack);
  const all = <T>(
    kind: string,
    names: Readonly<Record<string, string>> | undefined,
    from: (within: Construct, logical: string, name: string) => T,
  ): ReadonlyMap<string, T> => {
    const within = new Construct(scope, kind);
    return new Map(Object.entries(names ?? {}).map(([logical, name]) => [logical, from(within, logical, name)]));
  };
  const table = (within: Construct, id: string, tableName: string) =>
    Table.fromTableAttributes(within, id, { tableName, ...key });
  const bucket = (within: Construct, id: string, bucketName: string) =>
    Bucket.fromBucketAttributes(within, id, { bucketName, ...key });
  const { blobs } = deployment;
  return {
    stateTable: table(scope, 'State', deployment.stateTable),
    streams: all('Streams', deployment.streams, (within, logical, name) =>
      Stream.fromStreamAttributes(within, logical, { streamArn: arnOf('kinesis', 'stream', name), ...key }),
    ),
    tables: all('Tables', deployment.tables, table),
    queues: all('Queues', deployment.queues, (within, logical, url) => importQueue(within, logical, url, keyArn)),
    buckets: all('Buckets', deployment.buckets, bucket),
    blobs: blobs && { bucket: bucket(scope, 'Blobs', blobs.bucket), prefix: blobs.prefix ?? '' },
  };
};

/** `https://sqs.<region>.amazonaws.com/<account>/<name>`, which may be known only when it is deployed. */
const importQueue = (scope: Construct, id: string, queueUrl: string, keyArn: string | undefined): IQueue => {
  const name = Token.isUnresolved(queueUrl)
    ? Fn.select(4, Fn.split('/', queueUrl))
    : (queueUrl.split('/').at(-1) as string);
  return Queue.fromQueueAttributes(scope, id, {
    queueUrl,
    queueArn: Arn.format({ service: 'sqs', resource: name }, Stack.of(scope)),
    ...(keyArn !== undefined && { keyArn }),
  });
};
