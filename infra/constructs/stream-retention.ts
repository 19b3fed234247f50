import { Duration } from 'aws-cdk-lib';
import type { CfnStream, IStream } from 'aws-cdk-lib/aws-kinesis';
import type { StreamPipelineProps } from './stream-pipeline-props.ts';

/** Kinesis' own, and the least there is. */
const leastRetention = Duration.hours(24);

type RetentionProps = Pick<StreamPipelineProps, 'retention' | 'streamRetention'>;

/** What a stream is created with. */
export const retentionFor = (logical: string, { retention, streamRetention }: RetentionProps): Duration =>
  streamRetention?.[logical] ?? retention ?? leastRetention;

/** How long a stream keeps records: as its definition says; of one that was imported as the properties say, or Kinesis' least. */
export const retentionOf = (logical: string, stream: IStream, { streamRetention }: RetentionProps): Duration => {
  const hours = (stream.node.defaultChild as CfnStream | undefined)?.retentionPeriodHours;
  return hours === undefined ? (streamRetention?.[logical] ?? leastRetention) : Duration.hours(hours);
};
