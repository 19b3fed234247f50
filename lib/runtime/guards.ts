import type { ErrorCode } from '../errors/codes.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import type { Delivery } from '../graph/logical-graph.ts';

/** What is looked at of a mapping's settings, in the shape of AWS's `GetEventSourceMapping`. Left out: AWS's default. */
export interface GuardedSettings {
  readonly EventSourceArn?: string | undefined;
  readonly ParallelizationFactor?: number | undefined;
  readonly TumblingWindowInSeconds?: number | undefined;
  readonly MaximumRetryAttempts?: number | undefined;
  readonly MaximumRecordAgeInSeconds?: number | undefined;
  readonly StartingPosition?: string | undefined;
  readonly FilterCriteria?: { readonly Filters?: readonly unknown[] | undefined } | undefined;
  readonly FunctionResponseTypes?: readonly string[] | undefined;
}

/** What the mapping is for. */
export interface MappingRole {
  readonly stage: string;
  /** `repartition`: the stream between two stages, which no record may be missing from. */
  readonly input: 'source' | 'repartition';
  readonly delivery: Delivery;
  /** Whether the function answers with `batchItemFailures`, as its deployment says. */
  readonly partialBatchResponses: boolean;
}

/**
 * Refuses a mapping that would lose records, repeat them or run two invocations on one shard. Every stage commits at least
 * its position, so every stage's mapping is held to it.
 *
 * @throws MillraceError `PARALLELIZATION_FACTOR` or `MAPPING_UNSAFE` (configuration), for the first setting that is wrong
 * @example
 * checkMapping(mapping.settings(), { stage: 'orders', input: 'source', delivery: 'exactly-once', partialBatchResponses: true });
 */
export const checkMapping = (settings: GuardedSettings, role: MappingRole): void => {
  for (const rule of rules) {
    const { setting, code, isWrong, allowed, fix } = rule;
    if (!isWrong(settings, role)) continue;
    const given = describe(settings[setting]);
    const allowedText = typeof allowed === 'string' ? allowed : allowed(role);
    throw new MillraceError(
      'configuration',
      code,
      `The mapping of stage '${role.stage}' has ${setting} ${given}; allowed: ${allowedText}.`,
      { fix, fields: { stage: role.stage, setting, given: settings[setting], stream: settings.EventSourceArn } },
    );
  }
};

interface Rule {
  readonly setting: keyof GuardedSettings;
  readonly code: ErrorCode;
  readonly isWrong: (settings: GuardedSettings, role: MappingRole) => boolean;
  readonly allowed: string | ((role: MappingRole) => string);
  readonly fix: string;
}

const unlimited = -1;

const rules: readonly Rule[] = [
  {
    setting: 'ParallelizationFactor',
    code: 'PARALLELIZATION_FACTOR',
    isWrong: ({ ParallelizationFactor = 1 }) => ParallelizationFactor !== 1,
    allowed: '1',
    fix: 'Set ParallelizationFactor to 1: with more, two invocations commit for one shard. For more throughput give the stream more shards.',
  },
  {
    setting: 'TumblingWindowInSeconds',
    code: 'MAPPING_UNSAFE',
    isWrong: ({ TumblingWindowInSeconds = 0 }) => TumblingWindowInSeconds !== 0,
    allowed: '0',
    fix: 'Remove it and use a window of the pipeline: with it Lambda keeps state that no commit covers.',
  },
  {
    setting: 'MaximumRetryAttempts',
    code: 'MAPPING_UNSAFE',
    isWrong: ({ MaximumRetryAttempts = unlimited }) => MaximumRetryAttempts !== unlimited,
    allowed: '-1, no limit',
    fix: 'Set it to -1: after the last try the mapping throws the batch away. Poison records are quarantined without it.',
  },
  {
    setting: 'MaximumRecordAgeInSeconds',
    code: 'MAPPING_UNSAFE',
    isWrong: ({ MaximumRecordAgeInSeconds = unlimited }) => MaximumRecordAgeInSeconds !== unlimited,
    allowed: '-1, no limit',
    fix: 'Set it to -1: the mapping throws older records away, and after an outage that is all of them.',
  },
  {
    setting: 'FilterCriteria',
    code: 'MAPPING_UNSAFE',
    isWrong: ({ FilterCriteria }, { delivery, input }) =>
      (FilterCriteria?.Filters ?? []).length > 0 && (delivery === 'exactly-once' || input === 'repartition'),
    allowed: 'none',
    fix: 'Remove the filters and use `filter` in the pipeline: what the mapping leaves out looks like a gap in the stream.',
  },
  {
    setting: 'StartingPosition',
    code: 'MAPPING_UNSAFE',
    isWrong: ({ StartingPosition }, { input }) =>
      StartingPosition === 'LATEST' || (input === 'repartition' && StartingPosition !== 'TRIM_HORIZON'),
    allowed: ({ input }) => (input === 'repartition' ? 'TRIM_HORIZON' : 'TRIM_HORIZON, AT_TIMESTAMP'),
    fix: 'Make the mapping anew with an allowed position: from any other it can miss records.',
  },
  {
    setting: 'FunctionResponseTypes',
    code: 'MAPPING_UNSAFE',
    isWrong: ({ FunctionResponseTypes = [] }, { partialBatchResponses }) =>
      partialBatchResponses && !FunctionResponseTypes.includes('ReportBatchItemFailures'),
    allowed: 'ReportBatchItemFailures',
    fix: 'Switch it on, or set partialBatchResponses to false in the deployment: otherwise what the function reports as not done counts as done.',
  },
];

const describe = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));
