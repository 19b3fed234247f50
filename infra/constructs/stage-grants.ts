import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IStream } from 'aws-cdk-lib/aws-kinesis';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Plan, SinkPlan, StagePlan } from '../../lib/graph/plan.ts';
import {
  grantBlobs,
  grantList,
  grantObjects,
  grantPut,
  grantRead,
  grantRows,
  grantSend,
  grantState,
} from './grants.ts';
import type { PipelineResources } from './pipeline-resources.ts';

/** Lets somebody do what a stage does: read its stream, commit, send to the stages after it and write its sinks. No more than that. */
export const grantStage = (
  grantee: IGrantable,
  plan: Plan,
  stage: StagePlan,
  { stateTable, blobs, ...resources }: PipelineResources,
): Grant => {
  const streamOf = (logical: string) => resources.streams.get(logical) as IStream;
  // Whoever begins the job writes down the shards of all its streams.
  const all = new Set(plan.stages.map(({ input }) => input.stream));
  const sinks = plan.sinks.filter(({ id, kind }) => stage.sinks.includes(id) && kind !== 'http');
  return [
    ...(blobs === undefined ? [] : [grantBlobs(grantee, blobs)]),
    grantRead(grantee, streamOf(stage.input.stream)),
    ...[...all].map((stream) => grantList(grantee, streamOf(stream))),
    ...sentTo(plan, stage).map((stream) => grantPut(grantee, streamOf(stream))),
    ...sinks.map((sink) => grantSink(grantee, sink, resources)),
  ].reduce((grants, grant) => grants.combine(grant), grantState(grantee, stateTable));
};

/** Streams of the stages behind it; and its own, if packets arrive there: what came to the wrong shard is sent on. */
const sentTo = (plan: Plan, { input, outputs }: StagePlan): string[] => [
  ...new Set(
    plan.edges
      .filter(({ id }) => outputs.includes(id))
      .map(({ toStage }) => (plan.stages.find(({ id }) => id === toStage) as StagePlan).input.stream),
  ),
  ...(input.kind === 'repartition' ? [input.stream] : []),
];

type Targets = Pick<PipelineResources, 'tables' | 'streams' | 'queues' | 'buckets'>;

const grantSink = (
  grantee: IGrantable,
  { kind, target, objects }: SinkPlan,
  { tables, streams, queues, buckets }: Targets,
): Grant => {
  if (kind === 'dynamo') return grantRows(grantee, tables.get(target) as ITable);
  if (kind === 'kinesis') return grantPut(grantee, streams.get(target) as IStream);
  if (kind === 'sqs') return grantSend(grantee, queues.get(target) as IQueue);
  return grantObjects(grantee, buckets.get(target) as IBucket, objects as string);
};
