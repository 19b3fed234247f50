import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { AwsClients } from '../../lib/aws/clients.ts';

export const region = 'us-east-1';
export const account = '000000000000';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const requestTimeoutMs = 60_000;

export interface DeployedFunction {
  readonly name: string;
  /** Of the pipeline. */
  readonly stage: string | undefined;
}

export interface Mapping {
  readonly FunctionArn: string;
  readonly EventSourceArn: string;
  readonly State: string;
}

/** The emulator as anybody sees it, and what is asked of it here that the project has no client for. */
export class Cloud {
  readonly endpoint: string;
  readonly clients: AwsClients;
  /** For programs that are to take the emulator for AWS: plain settings, and nothing of the user's own account. */
  readonly environment: NodeJS.ProcessEnv;

  constructor(endpoint: string) {
    this.endpoint = endpoint;
    // What timed out may have arrived: a producer that sent it again would be the one who counts twice.
    const options = () => ({
      endpoint,
      region,
      credentials,
      maxAttempts: 1,
      requestHandler: new NodeHttpHandler({ requestTimeout: requestTimeoutMs, throwOnRequestTimeout: true }),
    });
    const [kinesis, dynamo] = [new KinesisClient(options()), new DynamoDBClient(options())];
    const destroy = () => {
      kinesis.destroy();
      dynamo.destroy();
    };
    this.clients = { kinesis, dynamo, destroy };
    this.environment = {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS|CDK)_/.test(name))),
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
  }

  async functions(): Promise<readonly DeployedFunction[]> {
    const { Functions } = (await this.#get('lambda', '/2015-03-31/functions/')) as {
      Functions: { FunctionName: string; Environment?: { Variables?: Record<string, string> } }[];
    };
    return Functions.map(({ FunctionName, Environment }) => ({
      name: FunctionName,
      stage: Environment?.Variables?.MILLRACE_STAGE,
    }));
  }

  async mappings(): Promise<readonly Mapping[]> {
    const answer = await this.#get('lambda', '/2015-03-31/event-source-mappings/');
    return (answer as { EventSourceMappings: Mapping[] }).EventSourceMappings;
  }

  async rules(): Promise<readonly string[]> {
    const { Rules } = (await this.#call('events', 'AWSEvents.ListRules')) as { Rules: { Name: string }[] };
    return Rules.map(({ Name }) => Name);
  }

  async streams(): Promise<readonly string[]> {
    return ((await this.#call('kinesis', 'Kinesis_20131202.ListStreams')) as { StreamNames: string[] }).StreamNames;
  }

  async tables(): Promise<readonly string[]> {
    return ((await this.#call('dynamodb', 'DynamoDB_20120810.ListTables')) as { TableNames: string[] }).TableNames;
  }

  async queues(): Promise<readonly string[]> {
    const { QueueUrls = [] } = (await this.#call('sqs', 'AmazonSQS.ListQueues')) as { QueueUrls?: string[] };
    return QueueUrls.map((url) => url.split('/').at(-1) as string);
  }

  /** `undefined` where there is no such stack. */
  async stackStatus(name: string): Promise<string | undefined> {
    const body = new URLSearchParams({ Action: 'DescribeStacks', Version: '2010-05-15', StackName: name });
    const answer = await this.#fetch('cloudformation', '/', { method: 'POST', body });
    return /<StackStatus>(\w+)<\/StackStatus>/.exec(await answer.text())?.[1];
  }

  async #get(service: string, path: string): Promise<unknown> {
    return (await this.#fetch(service, path)).json();
  }

  async #call(service: string, target: string): Promise<unknown> {
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target };
    return (await this.#fetch(service, '/', { method: 'POST', headers, body: '{}' })).json();
  }

  /** The emulator looks at the service in the signature's scope, and not at the signature. */
  #fetch(service: string, path: string, init: RequestInit = {}): Promise<Response> {
    const scope = `${credentials.accessKeyId}/20260101/${region}/${service}/aws4_request`;
    const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`;
    const signal = AbortSignal.timeout(requestTimeoutMs);
    return fetch(`${this.endpoint}${path}`, { ...init, signal, headers: { ...init.headers, authorization } });
  }
}
