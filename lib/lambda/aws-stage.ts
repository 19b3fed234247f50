import { type AwsClients, createClients } from '../aws/clients.ts';
import { DynamoItemStore } from '../aws/dynamo-item-store.ts';
import { KinesisStreams } from '../aws/kinesis-streams.ts';
import type { Environment } from '../connectors/http/header-values.ts';
import type { StreamPort } from '../connectors/stream-port.ts';
import { systemClock } from '../core/clock.ts';
import { systemRandom } from '../core/random.ts';
import type { Delivery } from '../graph/logical-graph.ts';
import type { Pipeline } from '../graph/pipeline.ts';
import type { RuntimeObserver, RuntimePorts } from '../runtime/ports.ts';
import { awsBlobs } from './aws-blobs.ts';
import { awsSinkWriter } from './aws-sinks.ts';
import type { DeployedStage } from './deployment.ts';
import { sinksOf } from './needed-resources.ts';

/** The ports of a deployed stage, over the AWS SDK. The clients take endpoint, region and credentials from the environment. */
export const awsPorts = (
  pipeline: Pipeline,
  { stage, deployment }: DeployedStage,
  observer: RuntimeObserver,
  environment: Environment,
  clients: AwsClients = createClients(),
): RuntimePorts => {
  const streams = new KinesisStreams({ client: clients.kinesis });
  const context = { deployment, environment, ...sinkClients(pipeline.plan.delivery, clients, streams) };
  const writers = sinksOf(pipeline, stage).map((sink) => [sink.id, awsSinkWriter(sink, context)] as const);
  const { blobs } = deployment;
  return {
    items: new DynamoItemStore({ client: clients.dynamo, tableName: deployment.stateTable }),
    ...(blobs !== undefined && { blobs: awsBlobs(blobs, environment) }),
    streams,
    sinks: new Map(writers),
    clock: systemClock,
    random: systemRandom,
    observer,
  };
};

/** Under at-most-once the SDK may not send again what may have arrived. */
const sinkClients = (delivery: Delivery, clients: AwsClients, streams: StreamPort) => {
  if (delivery !== 'at-most-once') return { clients, streams, maxAttempts: undefined };
  const once = createClients({ maxAttempts: 1 });
  return { clients: once, streams: new KinesisStreams({ client: once.kinesis }), maxAttempts: 1 };
};
