import { afterAll, beforeAll } from 'vitest';
import { type Engines, startEngines } from '../../../lib/local/engines/start-engines.ts';
import { describeAws } from './aws-suite.ts';

let engines: Engines;

beforeAll(async () => {
  engines = await startEngines();
});
afterAll(() => engines?.stop());

describeAws('embedded engines', () => {
  const { clients, kinesisEndpoint, dynamoEndpoint } = engines;
  return { clients, connection: { kinesisEndpoint, dynamoEndpoint, region: 'us-east-1' } };
});
