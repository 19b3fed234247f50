import { describe, expect, it } from 'vitest';
import { toMillraceError } from '../../../lib/aws/aws-errors.ts';
import { MillraceError } from '../../../lib/errors/millrace-error.ts';

const read = { resource: 'table', name: 't', effect: 'read' } as const;
const write = { resource: 'table', name: 't', effect: 'write' } as const;
const put = { resource: 'stream', name: 's', effect: 'write' } as const;

const sdkError = (name: string, attempts = 1, message = 'as the service said', status = 400) =>
  Object.assign(new Error(message), { name, $metadata: { attempts, httpStatusCode: status } });

const codeOf = (error: unknown, context: Parameters<typeof toMillraceError>[1]) =>
  (toMillraceError(error, context) as MillraceError).code;

describe('toMillraceError', () => {
  it('tells a missing table from a missing stream and a missing shard', () => {
    expect(codeOf(sdkError('ResourceNotFoundException'), read)).toBe('TABLE_NOT_FOUND');
    expect(codeOf(sdkError('ResourceNotFoundException'), put)).toBe('STREAM_NOT_FOUND');
    const shard = sdkError('ResourceNotFoundException', 1, 'Shard shardId-000000000001 does not exist');
    expect(codeOf(shard, { ...put, effect: 'read' })).toBe('LINEAGE_LOST');
  });

  it('says that credentials or permissions are wrong, with the fix', () => {
    for (const name of [
      'AccessDeniedException',
      'ExpiredTokenException',
      'InvalidSignatureException',
      'UnrecognizedClientException',
    ]) {
      const error = toMillraceError(sdkError(name), write);
      expect(error, name).toMatchObject({ code: 'ACCESS_DENIED', kind: 'configuration', fix: expect.any(String) });
    }
  });

  it('says that there are no credentials, and why', () => {
    for (const name of ['CredentialsProviderError', 'TokenProviderError'])
      expect(toMillraceError(sdkError(name, 1, 'The SSO session has expired'), write), name).toMatchObject({
        code: 'CREDENTIALS_MISSING',
        kind: 'configuration',
        message: 'there are no credentials to write table t with: The SSO session has expired',
      });
  });

  it.each([
    ['Region is missing', 'no region is set, to look for table t in'],
    ['Region not accepted: region="" is not a valid hostname component.', 'no region is set, to look for table t in'],
    [
      'Region not accepted: region="eu central" is not a valid hostname component.',
      "the region 'eu central' is none, to look for table t in",
    ],
  ])('names the region: %s', (message, text) => {
    const error = toMillraceError(new Error(message), read);
    expect(error).toMatchObject({ code: 'REGION_INVALID', kind: 'configuration', message: text });
  });

  it('names the host that is not found, and guesses nothing of a write', () => {
    const lost = Object.assign(new Error('getaddrinfo ENOTFOUND dynamodb.xx-nowhere-1.amazonaws.invalid'), {
      code: 'ENOTFOUND',
      hostname: 'dynamodb.xx-nowhere-1.amazonaws.invalid',
    });
    expect(toMillraceError(lost, read)).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      kind: 'retryable',
      message: 'table t did not answer: there is no host dynamodb.xx-nowhere-1.amazonaws.invalid (ENOTFOUND)',
      fix: expect.stringContaining('AWS_REGION'),
    });
    expect(codeOf(lost, write)).toBe('OUTCOME_UNKNOWN');
  });

  it('takes a throttled first try of a write as not done', () => {
    expect(codeOf(sdkError('ProvisionedThroughputExceededException', 1), write)).toBe('STORE_UNAVAILABLE');
  });

  it('does not trust a throttled last try when an earlier one may have written', () => {
    expect(codeOf(sdkError('ThrottlingException', 2), write)).toBe('OUTCOME_UNKNOWN');
    expect(codeOf(sdkError('ThrottlingException', 3), read)).toBe('STORE_UNAVAILABLE');
  });

  it('knows no outcome of a write after a time-out, a reset or a server error', () => {
    const lost = [
      sdkError('TimeoutError', 3),
      sdkError('InternalServerError', 1, 'oops', 500),
      Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }),
      new SyntaxError('Unexpected end of JSON input'),
    ];
    for (const error of lost) {
      expect(codeOf(error, write), error.name).toBe('OUTCOME_UNKNOWN');
      expect(codeOf(error, read), error.name).toBe('STORE_UNAVAILABLE');
      expect(codeOf(error, put), error.name).toBe('STREAM_UNAVAILABLE');
    }
  });

  it('passes our own errors and mistakes through', () => {
    const own = new MillraceError('operator', 'GAP', 'a gap');
    expect(toMillraceError(own, write)).toBe(own);
    const mistake = new TypeError('x is not a function');
    expect(toMillraceError(mistake, write)).toBe(mistake);
  });
});
