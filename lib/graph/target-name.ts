import type { SinkPlan } from './plan.ts';

const kinds = { dynamo: 'table', kinesis: 'stream', sqs: 'queue', s3: 'bucket', http: 'webhook' } as const;

/** What a sink writes to, for people. */
export const targetName = ({ kind, target, key, objects }: SinkPlan): string => {
  const part = kind === 'dynamo' ? ` (${key.join(', ')})` : objects === undefined ? '' : `/${objects}`;
  return `${kinds[kind]} ${target}${part}`;
};
