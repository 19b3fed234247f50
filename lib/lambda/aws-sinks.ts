import type { AwsClients } from '../aws/clients.ts';
import { DynamoSinkWriter } from '../aws/dynamo-sink-writer.ts';
import { KinesisSinkWriter } from '../aws/kinesis-sink-writer.ts';
import { type Environment, requireVariables } from '../connectors/http/header-values.ts';
import { cutPart } from '../connectors/s3/object-parts.ts';
import type { OutputRow, SinkWriter, WriteContext } from '../connectors/sink-port.ts';
import type { HttpSinkSpec, S3SinkSpec, SqsSinkSpec } from '../connectors/specs.ts';
import type { StreamPort } from '../connectors/stream-port.ts';
import type { SinkNode } from '../graph/logical-graph.ts';
import type { Deployment } from './deployment.ts';
import { leftOut } from './left-out.ts';

/** What the writers of a stage's sinks are made from. */
export interface AwsSinks {
  readonly deployment: Deployment;
  readonly clients: Pick<AwsClients, 'dynamo'>;
  readonly streams: StreamPort;
  readonly environment: Environment;
  /** How often the SDK may send a request. `undefined`: as it does. */
  readonly maxAttempts: number | undefined;
}

/** The writer of a sink. The names are there: `readDeployment` has checked them. @throws MillraceError `DEPLOYMENT_INVALID` */
export const awsSinkWriter = ({ id, spec }: SinkNode, context: AwsSinks): SinkWriter => {
  const { deployment, clients, streams, environment } = context;
  switch (spec.kind) {
    case 'dynamo':
      return new DynamoSinkWriter({
        client: clients.dynamo,
        tableName: deployment.tables[spec.table] as string,
        keyFields: spec.key,
      });
    case 'kinesis':
      return new KinesisSinkWriter({
        streams,
        stream: deployment.streams[spec.stream] as string,
        idField: spec.idField,
      });
    case 'sqs':
      return loadedWhenUsed(() => openQueue(spec, context));
    case 's3':
      return { ...loadedWhenUsed(() => openBucket(spec, context)), cut: cutPart };
    case 'http':
      requireVariables(id, spec, environment);
      return loadedWhenUsed(() => openWebhook(id, spec, environment));
  }
};

/** A stage without such a sink does not load what it needs: that would take part in every cold start. */
const loadedWhenUsed = (load: () => Promise<SinkWriter>): SinkWriter => {
  let writer: Promise<SinkWriter> | undefined;
  return {
    write: async (rows: readonly OutputRow[], context?: WriteContext) => {
      writer ??= load();
      await (await writer).write(rows, context);
    },
  };
};

const openQueue = async (spec: SqsSinkSpec, { deployment, maxAttempts }: AwsSinks): Promise<SinkWriter> => {
  const [{ SqsQueue, createSqsClient }, { SqsSinkWriter }] = process.env.MILLRACE_WITHOUT_SQS
    ? leftOut('sqs')
    : await Promise.all([import('../aws/sqs-queue.ts'), import('../connectors/sqs/sqs-sink-writer.ts')]);
  const queueUrl = deployment.queues?.[spec.queue] as string;
  return new SqsSinkWriter({
    queue: new SqsQueue({ client: createSqsClient({ ...(maxAttempts !== undefined && { maxAttempts }) }), queueUrl }),
    name: spec.queue,
    fifo: spec.fifo,
    batchBytes: spec.maxMessageBytes,
  });
};

const openBucket = async (
  { bucket, prefix, format }: S3SinkSpec,
  { deployment, environment, maxAttempts }: AwsSinks,
): Promise<SinkWriter> => {
  const [{ S3Objects, createS3Client }, { S3SinkWriter }] = process.env.MILLRACE_WITHOUT_S3
    ? leftOut('s3')
    : await Promise.all([import('../aws/s3-objects.ts'), import('../connectors/s3/s3-sink-writer.ts')]);
  const ownEndpoint = (environment.AWS_ENDPOINT_URL_S3 ?? environment.AWS_ENDPOINT_URL) !== undefined;
  const store = new S3Objects({
    client: createS3Client({ ...(maxAttempts !== undefined && { maxAttempts }) }, ownEndpoint),
    bucket: deployment.buckets?.[bucket] as string,
  });
  return new S3SinkWriter({ store, bucket, prefix, format });
};

const openWebhook = async (sink: string, spec: HttpSinkSpec, environment: Environment): Promise<SinkWriter> => {
  const [{ FetchEndpoint }, { HttpSinkWriter }] = await Promise.all([
    import('../connectors/http/fetch-endpoint.ts'),
    import('../connectors/http/http-sink-writer.ts'),
  ]);
  const { timeoutMs, concurrency } = spec;
  return new HttpSinkWriter({ endpoint: new FetchEndpoint(sink, spec, environment), sink, timeoutMs, concurrency });
};
