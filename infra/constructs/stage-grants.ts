import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
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

/** Lets a stage do what it does: read its stream, commit, send to the stages after it and write its sinks. No more than that. */
export const grantStage = (grantee: IGrantable, plan: Plan, stage: StagePlan, resources: PipelineResources): void => {
  const { stateTable, streams, blobs } = resources;
  const streamOf = (logical: string) => streams.get(logical) as IStream;
  grantState(grantee, stateTable);
  if (blobs !== undefined) grantBlobs(grantee, blobs);
  grantRead(grantee, streamOf(stage.input.stream));
  // Whoever begins the job writes down the shards of all its streams.
  for (const stream of new Set(plan.stages.map(({ input }) => input.stream))) grantList(grantee, streamOf(stream));
  for (const stream of sentTo(plan, stage)) grantPut(grantee, streamOf(stream));
  for (const sink of plan.sinks.filter(({ id }) => stage.sinks.includes(id))) grantSink(grantee, sink, resources);
};

/** Streams of the stages behind it; and its own, if packets arrive there: what came to the wrong shard is sent on. */
const sentTo = (plan: Plan, { input, outputs }: StagePlan): string[] => [
  ...plan.edges
    .filter(({ id }) => outputs.includes(id))
    .map(({ toStage }) => (plan.stages.find(({ id }) => id === toStage) as StagePlan).input.stream),
  ...(input.kind === 'repartition' ? [input.stream] : []),
];

const grantSink = (
  grantee: IGrantable,
  sink: SinkPlan,
  { tables, streams, queues, buckets }: PipelineResources,
): void => {
  switch (sink.kind) {
    case 'dynamo':
      grantRows(grantee, tables.get(sink.target) as ITable);
      return;
    case 'kinesis':
      grantPut(grantee, streams.get(sink.target) as IStream);
      return;
    case 'sqs':
      grantSend(grantee, queues.get(sink.target) as IQueue);
      return;
    case 's3':
      grantObjects(grantee, buckets.get(sink.target) as IBucket, sink.objects as string);
      return;
    case 'http':
      // It is reached by its address alone.
      return;
  }
};
