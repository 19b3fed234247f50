import { type AwsClients, createClients } from '../aws/clients.ts';
import { DynamoItemStore } from '../aws/dynamo-item-store.ts';
import { DynamoSinkWriter } from '../aws/dynamo-sink-writer.ts';
import { KinesisSinkWriter } from '../aws/kinesis-sink-writer.ts';
import { KinesisStreams } from '../aws/kinesis-streams.ts';
import type { SinkWriter } from '../connectors/sink-port.ts';
import type { SinkSpec } from '../connectors/specs.ts';
import type { StreamPort } from '../connectors/stream-port.ts';
import { systemClock } from '../core/clock.ts';
import { systemRandom } from '../core/random.ts';
import type { Pipeline } from '../graph/pipeline.ts';
import type { RuntimeObserver, RuntimePorts } from '../runtime/ports.ts';
import type { DeployedStage, Deployment } from './deployment.ts';
import { sinksOf } from './needed-resources.ts';

/** The ports of a deployed stage, over the AWS SDK. The clients take endpoint, region and credentials from the environment. */
export const awsPorts = (
  pipeline: Pipeline,
  { stage, deployment }: DeployedStage,
  observer: RuntimeObserver,
  clients: AwsClients = createClients(),
): RuntimePorts => {
  const streams = new KinesisStreams({ client: clients.kinesis });
  const writers = sinksOf(pipeline, stage).map(
    ({ id, spec }) => [id, writerOf(spec, deployment, clients, streams)] as const,
  );
  return {
    items: new DynamoItemStore({ client: clients.dynamo, tableName: deployment.stateTable }),
    streams,
    sinks: new Map(writers),
    clock: systemClock,
    random: systemRandom,
    observer,
  };
};

// The names are there: readDeployment has checked them.
const writerOf = (spec: SinkSpec, deployment: Deployment, clients: AwsClients, streams: StreamPort): SinkWriter =>
  spec.kind === 'dynamo'
    ? new DynamoSinkWriter({
        client: clients.dynamo,
        tableName: deployment.tables[spec.table] as string,
        keyFields: spec.key,
      })
    : new KinesisSinkWriter({
        streams,
        stream: deployment.streams[spec.stream] as string,
        idField: spec.idField,
      });
