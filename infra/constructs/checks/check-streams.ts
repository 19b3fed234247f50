import type { Duration } from 'aws-cdk-lib';
import type { StreamPipelineProps } from '../stream-pipeline-props.ts';
import { checkNumber } from './check-number.ts';

type StreamProps = Pick<StreamPipelineProps, 'shards' | 'streamShards' | 'retention' | 'streamRetention'>;

const shardRange = { least: 1, most: 10_000, unit: 'shards' };
const retentionRange = { least: 24, most: 8_760, unit: 'hours' };

/** @throws MillraceError `INVALID_OPTION` (definition) for numbers that Kinesis does not take */
export const checkStreams = (pipeline: string, props: StreamProps): void => {
  const owner = `StreamPipeline '${pipeline}'`;
  const { shards, streamShards = {}, retention, streamRetention = {} } = props;
  for (const [option, count] of [['shards', shards] as const, ...under('streamShards', streamShards)])
    if (typeof count === 'number') checkNumber(owner, option, count, shardRange);
  for (const [option, duration] of [['retention', retention] as const, ...under('streamRetention', streamRetention)]) {
    const hours = hoursOf(duration);
    if (hours !== undefined) checkNumber(owner, option, hours, retentionRange);
  }
};

const under = <T>(option: string, values: Readonly<Record<string, T>>): (readonly [string, T])[] =>
  Object.entries(values).map(([name, value]) => [`${option}.${name}`, value] as const);

const hoursOf = (duration: Duration | undefined): number | undefined =>
  duration === undefined || duration.isUnresolved() ? undefined : duration.toHours({ integral: false });
