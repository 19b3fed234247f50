import { afterAll, beforeAll, describe, it } from 'vitest';
import { type AwsClients, createClients } from '../../../lib/aws/clients.ts';
import { describeAws } from './aws-suite.ts';

const endpoint = process.env.AWS_ENDPOINT_URL;
const loopback = ['127.0.0.1', 'localhost', '[::1]'];

if (endpoint === undefined || endpoint === '') {
  describe('AWS_ENDPOINT_URL', () => {
    it.skip('is not set: the adapters are tested against memory and the embedded engines only', () => undefined);
  });
} else {
  // These tests create tables and streams and leave them: never in an account.
  if (!loopback.includes(new URL(endpoint).hostname)) {
    throw new Error(`AWS_ENDPOINT_URL is ${endpoint}; these tests run against a loopback address only`);
  }
  const connection = { endpoint, region: process.env.AWS_REGION ?? 'us-east-1' };
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  let clients: AwsClients;
  beforeAll(() => {
    clients = createClients({ ...connection, credentials });
  });
  afterAll(() => clients?.destroy());
  describeAws(`endpoint ${endpoint}`, () => ({ clients, connection }));
}
