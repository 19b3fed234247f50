import type { EventOrigin } from '../../lib/local/mapping/lambda-event.ts';

export const shardId = 'shardId-000000000000';

/** What events that are made here say of where they come from. */
export const originOf = (stream: string): EventOrigin => ({
  shardId,
  region: 'us-east-1',
  streamArn: `arn:aws:kinesis:us-east-1:000000000000:stream/${stream}`,
  roleArn: 'arn:aws:iam::000000000000:role/bench',
});
