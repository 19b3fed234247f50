import { describe, expect, it } from 'vitest';
import { clientOptions } from '../../../cli/endpoint.ts';

describe('the endpoint', () => {
  it.each(['http://127.0.0.1:4566', 'http://localhost:8000', 'http://[::1]:8000', 'https://dynamodb.localhost'])(
    'may be on this machine: %s',
    (endpoint) => {
      expect(clientOptions({ endpoint }, {})).toEqual({
        endpoint,
        region: 'us-east-1',
        credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      });
    },
  );

  it('comes from the environment where none is given, with its region and credentials', () => {
    const env = { AWS_ENDPOINT_URL: 'http://localhost:1', AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'mine' };
    expect(clientOptions({}, env)).toEqual({ endpoint: 'http://localhost:1', region: 'eu-west-1' });
  });

  it('of DynamoDB goes before that of all services, and an argument before both', () => {
    const env = { AWS_ENDPOINT_URL: 'http://localhost:1', AWS_ENDPOINT_URL_DYNAMODB: 'http://localhost:2' };
    expect(clientOptions({}, env).endpoint).toBe('http://localhost:2');
    expect(clientOptions({ endpoint: 'http://localhost:3' }, env).endpoint).toBe('http://localhost:3');
  });

  it.each([
    ['none', undefined],
    ['another machine', 'https://dynamodb.us-east-1.amazonaws.com'],
    ['a name that only begins like this machine', 'http://localhost.example.com'],
    ['a name that only begins like its address', 'http://127.0.0.1.example.com'],
  ])('has to be allowed where it is %s', (_, endpoint) => {
    const given = endpoint === undefined ? {} : { endpoint };
    expect(() => clientOptions(given, {})).toThrow(expect.objectContaining({ code: 'ENDPOINT_REQUIRED' }));
    expect(clientOptions({ ...given, allowAws: true }, {})).toEqual(given);
  });

  it('has to be a URL', () => {
    expect(() => clientOptions({ endpoint: 'localhost:4566' }, {})).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});
