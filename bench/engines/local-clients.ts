import { type AwsClients, createClients } from '../../lib/aws/clients.ts';

/** Clients of an engine on loopback, which takes any credentials. */
export const localClients = (dynamoEndpoint: string): AwsClients =>
  createClients({
    dynamoEndpoint,
    kinesisEndpoint: dynamoEndpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
