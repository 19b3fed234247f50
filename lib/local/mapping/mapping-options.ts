import type { ErrorCode } from '../../errors/codes.ts';
import { MillraceError } from '../../errors/millrace-error.ts';
import { compileFilterCriteria, type FilterCriteria } from './filter-criteria.ts';

export type StartingPosition = 'TRIM_HORIZON' | 'LATEST' | 'AT_TIMESTAMP';

/** A mapping's parameters, named and bounded as AWS names and bounds them; times are in the unit of their name. */
export interface MappingOptions {
  /** The stream's name. */
  readonly stream: string;
  /** No default, as on AWS. */
  readonly startingPosition: StartingPosition;
  /** Epoch milliseconds; needed with `AT_TIMESTAMP`, refused otherwise and in the future. */
  readonly startingPositionTimestampMs?: number;
  /** 1 … 10,000 records in one invocation. Default 100. */
  readonly batchSize?: number;
  /** 0 … 300,000: how long records are gathered for a fuller batch. Default 0. */
  readonly maximumBatchingWindowMs?: number;
  /** −1 (until the records expire; default), or 0 … 10,000. */
  readonly maximumRetryAttempts?: number;
  /** −1 (until the stream's retention; default), or 60 … 604,800. */
  readonly maximumRecordAgeInSeconds?: number;
  /** Default false. */
  readonly bisectBatchOnFunctionError?: boolean;
  /** Whether `batchItemFailures` in the function's answer mean anything. Default false. */
  readonly reportBatchItemFailures?: boolean;
  /** 1 … 10 batches of one shard at a time, in order by partition key. Default 1. */
  readonly parallelizationFactor?: number;
  /** Not emulated: only 0. Millrace has windows of its own, and a commit protocol that this setting would break. */
  readonly tumblingWindowInSeconds?: number;
  /** Records that no filter matches are passed over. Default: every record is delivered. */
  readonly filterCriteria?: FilterCriteria;
  /** Between two reads of a shard that had nothing more. 1 … 60,000, default 200 (AWS: 1,000). */
  readonly pollIntervalMs?: number;
  /** Between two listings of the shards; a shard's end causes one at once. 100 … 3,600,000, default 10,000. */
  readonly shardDiscoveryIntervalMs?: number;
  /** The pause after the first failure; it doubles with each further one, with jitter. 0 … 60,000, default 100. */
  readonly retryBaseDelayMs?: number;
  /** The longest pause between two tries. At most 300,000, default 10,000. */
  readonly retryMaximumDelayMs?: number;
  /** Bytes of one invocation's event as JSON. Default 6 MiB, Lambda's limit; less for tests. */
  readonly maximumPayloadBytes?: number;
  /** Default `function`. */
  readonly functionName?: string;
  /** Default `us-east-1`. */
  readonly region?: string;
}

export type ResolvedMappingOptions = Required<Omit<MappingOptions, 'startingPositionTimestampMs' | 'filterCriteria'>> &
  Pick<MappingOptions, 'startingPositionTimestampMs' | 'filterCriteria'>;

/** Lambda's limit for a synchronous invocation: 6 MB. */
export const lambdaPayloadBytes = 6 * 1024 * 1024;

const defaults = {
  batchSize: 100,
  maximumBatchingWindowMs: 0,
  maximumRetryAttempts: -1,
  maximumRecordAgeInSeconds: -1,
  bisectBatchOnFunctionError: false,
  reportBatchItemFailures: false,
  parallelizationFactor: 1,
  tumblingWindowInSeconds: 0,
  pollIntervalMs: 200,
  shardDiscoveryIntervalMs: 10_000,
  retryBaseDelayMs: 100,
  retryMaximumDelayMs: 10_000,
  maximumPayloadBytes: lambdaPayloadBytes,
  functionName: 'function',
  region: 'us-east-1',
} as const;

type NumericOption = {
  [N in keyof typeof defaults]: (typeof defaults)[N] extends number ? N : never;
}[keyof typeof defaults];

/** Least and most; `−1` is allowed besides where `unlimited` says so. */
const ranges: Record<NumericOption, { least: number; most: number; unlimited?: true }> = {
  batchSize: { least: 1, most: 10_000 },
  maximumBatchingWindowMs: { least: 0, most: 300_000 },
  maximumRetryAttempts: { least: 0, most: 10_000, unlimited: true },
  maximumRecordAgeInSeconds: { least: 60, most: 604_800, unlimited: true },
  parallelizationFactor: { least: 1, most: 10 },
  tumblingWindowInSeconds: { least: 0, most: 900 },
  pollIntervalMs: { least: 1, most: 60_000 },
  shardDiscoveryIntervalMs: { least: 100, most: 3_600_000 },
  retryBaseDelayMs: { least: 0, most: 60_000 },
  retryMaximumDelayMs: { least: 0, most: 300_000 },
  maximumPayloadBytes: { least: 1_024, most: lambdaPayloadBytes },
};

const startingPositions: readonly StartingPosition[] = ['TRIM_HORIZON', 'LATEST', 'AT_TIMESTAMP'];
const otherOptions = ['stream', 'startingPosition', 'startingPositionTimestampMs', 'filterCriteria'];

/**
 * Checks the options and fills in the defaults.
 *
 * @throws MillraceError `INVALID_OPTION` (configuration) for a value out of its range, an unknown option or a filter that
 *   AWS refuses; `MAPPING_UNSAFE` for a tumbling window
 */
export const resolveMappingOptions = (options: MappingOptions, nowMs: number): ResolvedMappingOptions => {
  for (const name of Object.keys(options)) {
    if (!(name in defaults) && !otherOptions.includes(name)) refuse(name, 'unknown', Object.keys(defaults));
  }
  if (typeof options.stream !== 'string' || options.stream === '') refuse('stream', options.stream, 'a stream name');
  for (const [name, range] of Object.entries(ranges)) checkRange(name, options[name as NumericOption], range);
  checkStart(options, nowMs);
  if (options.filterCriteria !== undefined) compileFilterCriteria(options.filterCriteria);
  if ((options.tumblingWindowInSeconds ?? 0) > 0) refuseTumblingWindow(options);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return { ...defaults, ...given } as ResolvedMappingOptions;
};

const checkRange = (
  name: string,
  given: number | undefined,
  range: { least: number; most: number; unlimited?: true },
) => {
  if (given === undefined || (range.unlimited && given === -1)) return;
  if (Number.isInteger(given) && given >= range.least && given <= range.most) return;
  refuse(name, given, `${range.unlimited ? '-1, or ' : ''}a whole number from ${range.least} to ${range.most}`);
};

const checkStart = (options: MappingOptions, nowMs: number) => {
  const { startingPosition, startingPositionTimestampMs: timestampMs } = options;
  if (!startingPositions.includes(startingPosition)) refuse('startingPosition', startingPosition, startingPositions);
  if (startingPosition !== 'AT_TIMESTAMP') {
    if (timestampMs !== undefined) refuse('startingPositionTimestampMs', timestampMs, 'nothing without AT_TIMESTAMP');
    return;
  }
  if (typeof timestampMs === 'number' && timestampMs >= 0 && timestampMs <= nowMs) return;
  refuse('startingPositionTimestampMs', timestampMs, 'an instant in epoch milliseconds that is not in the future');
};

const refuse = (option: string, given: unknown, allowed: unknown): never =>
  optionError('INVALID_OPTION', option, given, allowed, 'Correct the option.');

const refuseTumblingWindow = (options: MappingOptions): never =>
  optionError(
    'MAPPING_UNSAFE',
    'tumblingWindowInSeconds',
    options.tumblingWindowInSeconds,
    0,
    'Leave it out and use a window of the pipeline: with it Lambda keeps state that no commit covers.',
  );

const optionError = (code: ErrorCode, option: string, given: unknown, allowed: unknown, fix: string): never => {
  const allowedText = Array.isArray(allowed) ? `one of ${allowed.join(', ')}` : String(allowed);
  throw new MillraceError(
    'configuration',
    code,
    `event source mapping: ${option} is ${given}; allowed: ${allowedText}`,
    {
      fix,
      fields: { option, given, allowed },
    },
  );
};
