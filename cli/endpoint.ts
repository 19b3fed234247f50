import type { ClientOptions } from '../lib/aws/clients.ts';
import { MillraceError } from '../lib/errors/millrace-error.ts';
import type { Terminal } from './terminal.ts';

export interface EndpointOptions {
  readonly endpoint?: string;
  readonly kinesisEndpoint?: string;
  readonly allowAws?: boolean;
}

/** Engines and emulators want some region and some credentials, and do not look at them. */
const localDefaults = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
} as const;

/**
 * How to reach DynamoDB. Only this machine is reached without being asked for it twice: a command typed in the wrong
 * shell must not read a production account.
 *
 * @throws MillraceError `ENDPOINT_REQUIRED`, `INVALID_ARGUMENT`
 */
export const clientOptions = (options: EndpointOptions, env: Terminal['env']): ClientOptions => {
  const endpoint = options.endpoint ?? env.AWS_ENDPOINT_URL_DYNAMODB ?? env.AWS_ENDPOINT_URL;
  if (endpoint === undefined || endpoint === '') {
    if (options.allowAws === true) return {};
    throw endpointRequired('No endpoint is given, so this would reach AWS.');
  }
  const { hostname } = parseUrl(endpoint);
  if (isLoopback(hostname)) {
    return {
      endpoint,
      region: env.AWS_REGION ?? localDefaults.region,
      // What the environment gives is taken; profiles and roles are for AWS.
      ...(env.AWS_ACCESS_KEY_ID === undefined ? { credentials: localDefaults.credentials } : {}),
    };
  }
  if (options.allowAws === true) return { endpoint };
  throw endpointRequired(`The endpoint ${endpoint} is not on this machine.`);
};

/**
 * How to reach DynamoDB and Kinesis, on the same terms.
 *
 * @throws MillraceError `ENDPOINT_REQUIRED`, `INVALID_ARGUMENT`
 */
export const bothClientOptions = (options: EndpointOptions, env: Terminal['env']): ClientOptions => {
  const dynamo = clientOptions(options, env);
  const endpoint = options.kinesisEndpoint ?? options.endpoint ?? env.AWS_ENDPOINT_URL_KINESIS;
  const kinesis = clientOptions(
    { ...options, ...(endpoint === undefined ? {} : { endpoint }) },
    { ...env, AWS_ENDPOINT_URL_DYNAMODB: undefined },
  );
  return {
    ...dynamo,
    ...(dynamo.endpoint === undefined ? {} : { dynamoEndpoint: dynamo.endpoint }),
    ...(kinesis.endpoint === undefined ? {} : { kinesisEndpoint: kinesis.endpoint }),
  };
};

const parseUrl = (endpoint: string): URL => {
  const url = URL.parse(endpoint);
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  throw new MillraceError('input', 'INVALID_ARGUMENT', `The endpoint '${endpoint}' is no http or https URL.`, {
    fix: 'Give it with protocol and port, such as http://127.0.0.1:4566.',
    fields: { endpoint },
  });
};

/** Whether a name can only be this machine. */
export const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' ||
  hostname.endsWith('.localhost') ||
  hostname === '[::1]' ||
  /^127(\.\d+){3}$/.test(hostname);

const endpointRequired = (why: string): MillraceError =>
  new MillraceError('configuration', 'ENDPOINT_REQUIRED', why, {
    fix: 'Give --endpoint or set AWS_ENDPOINT_URL to an engine on this machine, such as http://127.0.0.1:4566; or give --allow-aws if that is what you want.',
  });
