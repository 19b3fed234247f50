import { Names } from 'aws-cdk-lib';
import { type IStream, StreamConsumer } from 'aws-cdk-lib/aws-kinesis';
import {
  type CfnEventSourceMapping,
  EventSourceMapping,
  type IEventSourceDlq,
  type IVersion,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { StagePlan } from '../../lib/graph/plan.ts';
import type { StageSettings } from './stage-settings.ts';

export interface StageMappingProps {
  readonly stage: StagePlan;
  readonly settings: StageSettings;
  readonly stream: IStream;
  readonly target: IVersion;
  /** Where AWS describes a batch that it gave up. */
  readonly onFailure: IEventSourceDlq;
}

export interface StageMapping {
  readonly mapping: EventSourceMapping;
  /** With enhanced fan-out. */
  readonly consumer: StreamConsumer | undefined;
}

const unlimited = -1;
const MS_PER_SECOND = 1_000;

/**
 * Feeds a stage from its stream with the settings that the protocol needs (`lib/runtime/guards.ts` has each with its reason): one
 * invocation for a shard at a time, and no record ever given up.
 *
 * A failed batch is not bisected: what is poison is found and quarantined inside of the function, and what is not (a `GAP`, a table that
 * does not answer) fails in every half too.
 */
export const createStageMapping = (scope: Construct, props: StageMappingProps): StageMapping => {
  const { stage, settings, stream, target, onFailure } = props;
  const consumer = settings.enhancedFanOut ? createConsumer(scope, stream) : undefined;
  const mapping = new EventSourceMapping(scope, 'Mapping', {
    target,
    eventSourceArn: consumer?.streamConsumerArn ?? stream.streamArn,
    ...startOf(stage),
    batchSize: settings.batchSize,
    maxBatchingWindow: settings.batchingWindow,
    parallelizationFactor: 1,
    retryAttempts: unlimited,
    bisectBatchOnError: false,
    reportBatchItemFailures: true,
    onFailure,
    ...(settings.filters.length > 0 && { filters: [...settings.filters] }),
  });
  // Said aloud, so that a deployment puts it back where somebody changed it. The L2 construct takes durations only.
  (mapping.node.defaultChild as CfnEventSourceMapping).maximumRecordAgeInSeconds = unlimited;
  return { mapping, consumer };
};

/** Between stages nothing may be passed over; a source says where it begins. */
const startOf = ({ input }: StagePlan) =>
  input.kind === 'source' && input.start !== 'trim-horizon'
    ? {
        startingPosition: StartingPosition.AT_TIMESTAMP,
        startingPositionTimestamp: input.start.timestampMs / MS_PER_SECOND,
      }
    : { startingPosition: StartingPosition.TRIM_HORIZON };

/** The consumer's name has to be its own among all that read the stream. */
const createConsumer = (scope: Construct, stream: IStream): StreamConsumer =>
  new StreamConsumer(scope, 'Consumer', {
    stream,
    streamConsumerName: Names.uniqueResourceName(scope, { maxLength: 128, separator: '-' }),
  });
