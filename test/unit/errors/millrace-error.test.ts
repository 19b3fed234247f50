import { describe, expect, it } from 'vitest';
import { definitionError, MillraceError } from '../../../lib/errors/millrace-error.ts';

describe('MillraceError', () => {
  it('carries code, kind, fix and fields beside the text', () => {
    const cause = new Error('socket hang up');
    const error = new MillraceError('retryable', 'STORE_UNAVAILABLE', 'The table did not answer.', {
      fix: 'Wait.',
      fields: { table: 'state' },
      cause,
    });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'MillraceError',
      code: 'STORE_UNAVAILABLE',
      kind: 'retryable',
      fix: 'Wait.',
      fields: { table: 'state' },
      cause,
    });
  });

  it('is retryable only where its kind says so', () => {
    expect(new MillraceError('retryable', 'DEADLINE', 'x').retryable).toBe(true);
    expect(new MillraceError('operator', 'GAP', 'x').retryable).toBe(false);
  });

  it('has no cause where none was given', () => {
    expect('cause' in new MillraceError('operator', 'GAP', 'x')).toBe(false);
  });

  it('becomes JSON that a machine can read', () => {
    const error = definitionError('INVALID_WINDOW', 'The size is 0.', 'Use more.', { sizeMs: 0 });
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      code: 'INVALID_WINDOW',
      kind: 'definition',
      message: 'The size is 0.',
      fix: 'Use more.',
      sizeMs: 0,
    });
  });

  it('keeps its own code in JSON where a field has that name', () => {
    const error = new MillraceError('operator', 'TOO_MANY_REJECTED', 'Too many.', {
      fields: { code: 'SCHEMA', records: 7 },
    });
    expect(error.toJSON()).toMatchObject({ code: 'TOO_MANY_REJECTED', records: 7 });
  });
});
