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
      'CredentialsProviderError',
      'ExpiredTokenException',
      'InvalidSignatureException',
      'UnrecognizedClientException',
    ]) {
      const error = toMillraceError(sdkError(name), write);
      expect(error, name).toMatchObject({ code: 'ACCESS_DENIED', kind: 'configuration', fix: expect.any(String) });
    }
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
