import { type AwsClients, createClients } from '../../aws/clients.ts';
import { type EngineProcess, startEngineProcess } from './engine-process.ts';

export interface EngineOptions {
  /** Default: a free port that the system chooses. */
  readonly kinesisPort?: number;
  /** Default: a free port that the system chooses. */
  readonly dynamoPort?: number;
}

export interface Engines {
  /** `http://127.0.0.1:PORT` */
  readonly kinesisEndpoint: string;
  readonly dynamoEndpoint: string;
  readonly clients: AwsClients;
  /** What another process or a Worker needs in its environment to reach the engines through the plain SDK. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ends both engines. What they held is gone. */
  stop(): Promise<void>;
}

const region = 'us-east-1';
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
/** Megabytes in one request take the Kinesis engine seconds, and a busy laptop longer. */
const requestTimeoutMs = 30_000;

/**
 * Starts a Kinesis API engine and a DynamoDB API engine, each in its own process, on loopback only, in memory only.
 * They end with `stop()`, and with this process, however it ends.
 *
 * @throws MillraceError `PORT_IN_USE` or `ENGINE_FAILED` (configuration)
 * @example
 * const engines = await startEngines();
 * await createStream(engines.clients.kinesis, 'orders', 2);
 * await engines.stop();
 */
export const startEngines = async (options: EngineOptions = {}): Promise<Engines> => {
  const starts = await Promise.allSettled([
    startEngineProcess('kinesis', options.kinesisPort ?? 0),
    startEngineProcess('dynamo', options.dynamoPort ?? 0),
  ]);
  const started = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const failed = starts.find((start) => start.status === 'rejected');
  if (failed !== undefined) {
    await Promise.all(started.map((engine) => engine.stop()));
    throw failed.reason;
  }
  return enginesOf(...(started as [EngineProcess, EngineProcess]));
};

const enginesOf = (kinesis: EngineProcess, dynamo: EngineProcess): Engines => {
  const kinesisEndpoint = `http://127.0.0.1:${kinesis.port}`;
  const dynamoEndpoint = `http://127.0.0.1:${dynamo.port}`;
  const clients = createClients({ kinesisEndpoint, dynamoEndpoint, region, credentials, requestTimeoutMs });
  return {
    kinesisEndpoint,
    dynamoEndpoint,
    clients,
    environment: {
      AWS_ENDPOINT_URL_KINESIS: kinesisEndpoint,
      AWS_ENDPOINT_URL_DYNAMODB: dynamoEndpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    stop: async () => {
      clients.destroy();
      await Promise.all([kinesis.stop(), dynamo.stop()]);
    },
  };
};
