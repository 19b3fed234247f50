import { invalidOption } from '../../../lib/core/check-options.ts';
import type { StreamPipelineProps } from '../stream-pipeline-props.ts';

interface Kind {
  /** What every resource of the kind has. */
  readonly arn: string;
  readonly what: string;
  readonly fix: string;
}

const streams: Kind = {
  arn: 'streamArn',
  what: 'a stream of aws-kinesis',
  fix: "Import it: Stream.fromStreamArn(stack, 'Orders', arn).",
};
const tables: Kind = {
  arn: 'tableArn',
  what: 'a table of aws-dynamodb',
  fix: "Import it: Table.fromTableName(stack, 'Rows', name).",
};
const queues: Kind = {
  arn: 'queueArn',
  what: 'a queue of aws-sqs',
  fix: "Import it: Queue.fromQueueArn(stack, 'Jobs', arn).",
};
const buckets: Kind = {
  arn: 'bucketArn',
  what: 'a bucket of aws-s3',
  fix: "Import it: Bucket.fromBucketName(stack, 'Archive', name).",
};

/**
 * Refuses what is no resource where one is given, such as its name: an app in JavaScript is checked by no compiler.
 *
 * @throws MillraceError `INVALID_OPTION` (definition)
 */
export const checkGiven = (pipeline: string, props: StreamPipelineProps): void => {
  for (const [option, kind] of Object.entries({ streams, tables, queues, buckets }))
    for (const [name, given] of Object.entries(props[option as 'streams'] ?? {}))
      requireResource(pipeline, `${option}.${name}`, given, kind);
  if (props.stateTable !== undefined) requireResource(pipeline, 'stateTable', props.stateTable, tables);
  if (props.blobs !== undefined) requireResource(pipeline, 'blobs', props.blobs, buckets);
};

const requireResource = (pipeline: string, option: string, given: unknown, { arn, what, fix }: Kind): void => {
  if (typeof given === 'object' && given !== null && arn in given) return;
  const value = typeof given === 'string' ? `'${given}'` : `of type ${given === null ? 'null' : typeof given}`;
  throw invalidOption(`StreamPipeline '${pipeline}'`, `option '${option}' is ${value}; allowed is ${what}`, fix, {
    option,
  });
};
