import { describe, expect, test } from 'vitest';
import { type MappingOptions, resolveMappingOptions } from '../../../lib/local/mapping/mapping-options.ts';

const nowMs = 1_700_000_000_000;
const resolve = (options: Partial<MappingOptions> & Record<string, unknown> = {}) =>
  resolveMappingOptions({ stream: 'orders', startingPosition: 'TRIM_HORIZON', ...options }, nowMs);

describe('resolveMappingOptions', () => {
  test("fills in AWS's defaults", () => {
    expect(resolve()).toMatchObject({
      batchSize: 100,
      maximumBatchingWindowMs: 0,
      maximumRetryAttempts: -1,
      maximumRecordAgeInSeconds: -1,
      bisectBatchOnFunctionError: false,
      reportBatchItemFailures: false,
      parallelizationFactor: 1,
      tumblingWindowInSeconds: 0,
      maximumPayloadBytes: 6_291_456,
    });
  });

  test('takes undefined for not given', () => {
    expect(resolve({ batchSize: undefined } as never).batchSize).toBe(100);
  });

  test.each([
    [{ batchSize: 1 }],
    [{ batchSize: 10_000 }],
    [{ maximumRecordAgeInSeconds: 60 }],
    [{ maximumRecordAgeInSeconds: 604_800 }],
    [{ maximumRetryAttempts: 0 }],
    [{ maximumRetryAttempts: 10_000 }],
    [{ maximumBatchingWindowMs: 300_000 }],
    [{ parallelizationFactor: 10 }],
    [{ startingPosition: 'LATEST' as const }],
    [{ startingPosition: 'AT_TIMESTAMP' as const, startingPositionTimestampMs: nowMs }],
  ])('allows %o', (options) => {
    expect(resolve(options)).toMatchObject(options);
  });

  test.each([
    [{ batchSize: 0 }],
    [{ batchSize: 10_001 }],
    [{ batchSize: 1.5 }],
    [{ batchSize: Number.NaN }],
    [{ maximumRecordAgeInSeconds: 59 }],
    [{ maximumRecordAgeInSeconds: 604_801 }],
    [{ maximumRetryAttempts: -2 }],
    [{ maximumRetryAttempts: 10_001 }],
    [{ maximumBatchingWindowMs: 300_001 }],
    [{ parallelizationFactor: 0 }],
    [{ parallelizationFactor: 11 }],
    [{ stream: '' }],
    [{ startingPosition: 'EARLIEST' as never }],
    [{ startingPosition: 'AT_TIMESTAMP' as const }],
    [{ startingPosition: 'AT_TIMESTAMP' as const, startingPositionTimestampMs: nowMs + 1 }],
    [{ startingPositionTimestampMs: nowMs }],
    [{ filterCriteria: { Filters: [{ Pattern: '[]' }] } }],
    [{ bisectOnError: true }],
  ])('refuses %o with the value given and what is allowed', (options) => {
    const [option] = Object.keys(options).slice(-1);
    expect(() => resolve(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', kind: 'configuration', fix: expect.any(String) }),
    );
    expect(() => resolve(options)).toThrow(new RegExp(option === 'stream' ? 'stream is' : (option as string)));
  });

  test('calls a tumbling window unsafe', () => {
    expect(() => resolve({ tumblingWindowInSeconds: 30 })).toThrow(expect.objectContaining({ code: 'MAPPING_UNSAFE' }));
  });
});
