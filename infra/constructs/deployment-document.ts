import type { Plan, StagePlan } from '../../lib/graph/plan.ts';
import type { Deployment } from '../../lib/lambda/deployment.ts';
import type { PipelineResources } from './pipeline-resources.ts';

/** Where the plan's logical names lead: what commands take as `--deployment`. Values are CDK tokens until it is deployed. */
export const deploymentOf = ({
  stateTable,
  streams,
  tables,
  queues,
  buckets,
  blobs,
}: PipelineResources): Deployment => ({
  stateTable: stateTable.tableName,
  streams: namesOf(streams, ({ streamName }) => streamName),
  tables: namesOf(tables, ({ tableName }) => tableName),
  ...(queues.size > 0 && { queues: namesOf(queues, ({ queueUrl }) => queueUrl) }),
  ...(buckets.size > 0 && { buckets: namesOf(buckets, ({ bucketName }) => bucketName) }),
  ...(blobs !== undefined && { blobs: { bucket: blobs.bucket.bucketName, prefix: blobs.prefix } }),
});

const namesOf = <T>(all: ReadonlyMap<string, T>, nameOf: (one: T) => string): Record<string, string> =>
  Object.fromEntries([...all].map(([logical, one]) => [logical, nameOf(one)]));

/**
 * The part of the document that a stage's function needs, as its `MILLRACE_DEPLOYMENT`: the streams of all stages and the targets of its
 * own sinks. All variables of a function together may have 4 KB.
 */
export const deploymentOfStage = (plan: Plan, stage: StagePlan, deployment: Deployment): Deployment => {
  const { streams, tables, queues, buckets, ...rest } = deployment;
  const own = plan.sinks.filter(({ id }) => stage.sinks.includes(id));
  const targets = (kind: string) => own.filter((sink) => sink.kind === kind).map(({ target }) => target);
  const ownQueues = pick(queues, targets('sqs'));
  const ownBuckets = pick(buckets, targets('s3'));
  return {
    ...rest,
    streams: pick(streams, [...plan.stages.map(({ input }) => input.stream), ...targets('kinesis')]),
    tables: pick(tables, targets('dynamo')),
    ...(Object.keys(ownQueues).length > 0 && { queues: ownQueues }),
    ...(Object.keys(ownBuckets).length > 0 && { buckets: ownBuckets }),
  };
};

const pick = (names: Readonly<Record<string, string>> = {}, wanted: readonly string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(names).filter(([logical]) => wanted.includes(logical)));
