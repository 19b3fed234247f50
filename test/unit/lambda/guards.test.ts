import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../lib/core/clock.ts';
import { createInlineFunction } from '../../../lib/local/containers/inline-function.ts';
import { EventSourceMapping } from '../../../lib/local/mapping/event-source-mapping.ts';
import { MemoryStreams } from '../../../lib/memory/memory-streams.ts';
import { checkMapping, type GuardedSettings, type MappingRole } from '../../../lib/runtime/guards.ts';

const source: MappingRole = {
  stage: 'orders',
  input: 'source',
  delivery: 'exactly-once',
  partialBatchResponses: true,
};
const internal: MappingRole = { ...source, stage: 'by-province', input: 'repartition' };

const safe: GuardedSettings = {
  ParallelizationFactor: 1,
  TumblingWindowInSeconds: 0,
  MaximumRetryAttempts: -1,
  MaximumRecordAgeInSeconds: -1,
  StartingPosition: 'TRIM_HORIZON',
  FunctionResponseTypes: ['ReportBatchItemFailures'],
};

describe('checkMapping', () => {
  it('accepts safe settings of sources and of repartition streams', () => {
    checkMapping(safe, source);
    checkMapping({ ...safe, StartingPosition: 'AT_TIMESTAMP' }, source);
    checkMapping(safe, internal);
  });

  it("takes what is left out for AWS's default", () => {
    checkMapping({ StartingPosition: 'TRIM_HORIZON', FunctionResponseTypes: ['ReportBatchItemFailures'] }, source);
  });

  it('accepts the settings of a local mapping', () => {
    const mapping = new EventSourceMapping({
      streams: new MemoryStreams(systemClock),
      host: createInlineFunction(() => undefined),
      options: { stream: 's', startingPosition: 'TRIM_HORIZON', reportBatchItemFailures: true },
    });
    checkMapping(mapping.settings(), source);
  });

  it.each<[string, GuardedSettings, string]>([
    ['parallel batches of a shard', { ParallelizationFactor: 2 }, 'PARALLELIZATION_FACTOR'],
    ['a tumbling window', { TumblingWindowInSeconds: 30 }, 'MAPPING_UNSAFE'],
    ['a last retry', { MaximumRetryAttempts: 3 }, 'MAPPING_UNSAFE'],
    ['no retry at all', { MaximumRetryAttempts: 0 }, 'MAPPING_UNSAFE'],
    ['an age at which records are dropped', { MaximumRecordAgeInSeconds: 3_600 }, 'MAPPING_UNSAFE'],
    ['filters', { FilterCriteria: { Filters: [{ Pattern: '{}' }] } }, 'MAPPING_UNSAFE'],
    ['a start at the newest record', { StartingPosition: 'LATEST' }, 'MAPPING_UNSAFE'],
    ['partial answers that nobody reads', { FunctionResponseTypes: [] }, 'MAPPING_UNSAFE'],
  ])('refuses %s, on sources and inside, and names setting, value and fix', (_what, wrong, code) => {
    const [[setting, given]] = Object.entries(wrong) as [[string, unknown]];
    for (const role of [source, internal]) {
      expect(() => checkMapping({ ...safe, ...wrong }, role)).toThrow(
        expect.objectContaining({
          code,
          kind: 'configuration',
          message: expect.stringContaining(`stage '${role.stage}' has ${setting} `),
          fix: expect.any(String),
          fields: expect.objectContaining({ setting, given }),
        }),
      );
    }
  });

  it('refuses to begin in the middle of a repartition stream', () => {
    const settings = { ...safe, StartingPosition: 'AT_TIMESTAMP' };
    expect(() => checkMapping(settings, internal)).toThrow(/StartingPosition AT_TIMESTAMP; allowed: TRIM_HORIZON\./);
  });

  it('allows filters on sources where records may be missing, and never inside', () => {
    const settings = { ...safe, FilterCriteria: { Filters: [{ Pattern: '{}' }] } };
    checkMapping(settings, { ...source, delivery: 'at-least-once' });
    expect(() => checkMapping(settings, { ...internal, delivery: 'at-least-once' })).toThrow(/FilterCriteria/);
  });

  it('does not ask for partial answers where the function gives none', () => {
    checkMapping({ ...safe, FunctionResponseTypes: [] }, { ...source, partialBatchResponses: false });
  });
});
