import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface ClientOptions {
  /** Both services' endpoint. Default: `AWS_ENDPOINT_URL` or its per-service forms, else AWS itself. */
  readonly endpoint?: string;
  readonly kinesisEndpoint?: string;
  readonly dynamoEndpoint?: string;
  /** Default: `AWS_REGION`, else the profile's. */
  readonly region?: string;
  /** Default: the SDK's provider chain. */
  readonly credentials?: AwsCredentials;
  /** How often a request may be sent. 1 where nothing may be sent twice. Default 3. */
  readonly maxAttempts?: number;
  /** How long an answer may take. Default 8 s. */
  readonly requestTimeoutMs?: number;
}

export interface AwsClients {
  readonly kinesis: KinesisClient;
  readonly dynamo: DynamoDBClient;
  /** Closes idle connections: an engine that waits for them takes 30 s to stop. */
  destroy(): void;
}

// An invocation has 30 to 60 seconds: three tries must fit well inside.
const connectionTimeoutMs = 2_000;
const defaultRequestTimeoutMs = 8_000;
const maxAttempts = 3;
const maxSockets = 64;

/**
 * HTTP/1.1 with kept connections, for Kinesis too: the SDK's HTTP/2 default cannot speak to an http endpoint, and
 * Millrace uses no call that needs it.
 */
const requestHandler = (requestTimeoutMs = defaultRequestTimeoutMs): NodeHttpHandler =>
  new NodeHttpHandler({
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    throwOnRequestTimeout: true,
    // Not agents of our own: to import node:http loads all that it exports, WebSocket and fetch too, a tenth of a cold start or more.
    httpAgent: { keepAlive: true, maxSockets },
    httpsAgent: { keepAlive: true, maxSockets },
  });

/** What every client of this process is made with. */
export const clientConfiguration = (options: ClientOptions, endpoint: string | undefined) => ({
  ...(endpoint === undefined ? {} : { endpoint }),
  ...(options.region === undefined ? {} : { region: options.region }),
  ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
  maxAttempts: options.maxAttempts ?? maxAttempts,
  requestHandler: requestHandler(options.requestTimeoutMs),
});

/**
 * The two AWS clients, set up the same way everywhere: kept connections, timeouts that fit an invocation, no log output.
 *
 * @example
 * const { kinesis, dynamo } = createClients({ endpoint: 'http://127.0.0.1:4566', region: 'us-east-1' });
 */
export const createClients = (options: ClientOptions = {}): AwsClients => {
  const kinesis = new KinesisClient(clientConfiguration(options, options.kinesisEndpoint ?? options.endpoint));
  const dynamo = new DynamoDBClient(clientConfiguration(options, options.dynamoEndpoint ?? options.endpoint));
  return {
    kinesis,
    dynamo,
    destroy: () => {
      kinesis.destroy();
      dynamo.destroy();
    },
  };
};
