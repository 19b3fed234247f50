import type { FilterCriteria } from './filter-criteria.ts';
import type { ResolvedMappingOptions, StartingPosition } from './mapping-options.ts';

/** A mapping's settings in the shape of AWS's `GetEventSourceMapping`: what guards check. */
export interface MappingSettings {
  readonly EventSourceArn: string;
  readonly FunctionArn: string;
  readonly State: 'Enabled' | 'Disabled';
  readonly BatchSize: number;
  readonly MaximumBatchingWindowInSeconds: number;
  readonly ParallelizationFactor: number;
  readonly StartingPosition: StartingPosition;
  readonly StartingPositionTimestamp?: Date;
  readonly MaximumRecordAgeInSeconds: number;
  readonly MaximumRetryAttempts: number;
  readonly BisectBatchOnFunctionError: boolean;
  readonly TumblingWindowInSeconds: number;
  readonly FunctionResponseTypes: readonly 'ReportBatchItemFailures'[];
  readonly FilterCriteria?: FilterCriteria;
  readonly DestinationConfig: { readonly OnFailure: { readonly Destination?: string } };
}

export interface SettingsFacts {
  readonly streamArn: string;
  readonly functionArn: string;
  readonly enabled: boolean;
  readonly hasDestination: boolean;
}

export const mappingSettings = (options: ResolvedMappingOptions, facts: SettingsFacts): MappingSettings => ({
  EventSourceArn: facts.streamArn,
  FunctionArn: facts.functionArn,
  State: facts.enabled ? 'Enabled' : 'Disabled',
  BatchSize: options.batchSize,
  MaximumBatchingWindowInSeconds: options.maximumBatchingWindowMs / 1_000,
  ParallelizationFactor: options.parallelizationFactor,
  StartingPosition: options.startingPosition,
  ...(options.startingPositionTimestampMs !== undefined && {
    StartingPositionTimestamp: new Date(options.startingPositionTimestampMs),
  }),
  MaximumRecordAgeInSeconds: options.maximumRecordAgeInSeconds,
  MaximumRetryAttempts: options.maximumRetryAttempts,
  BisectBatchOnFunctionError: options.bisectBatchOnFunctionError,
  TumblingWindowInSeconds: options.tumblingWindowInSeconds,
  FunctionResponseTypes: options.reportBatchItemFailures ? ['ReportBatchItemFailures'] : [],
  ...(options.filterCriteria !== undefined && { FilterCriteria: options.filterCriteria }),
  DestinationConfig: { OnFailure: facts.hasDestination ? { Destination: 'in-process' } : {} },
});
