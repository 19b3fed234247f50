import { RemovalPolicy } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { Plan, SinkPlan } from '../../lib/graph/plan.ts';
import { tableKeyOf } from '../../lib/graph/table-key.ts';
import { createPipelineBucket } from './pipeline-bucket.ts';
import { createPipelineQueue } from './pipeline-queue.ts';
import type { PipelineResources } from './pipeline-resources.ts';
import { createPipelineStream } from './pipeline-stream.ts';
import { createPipelineTable, stateTableKey } from './pipeline-table.ts';
import type { StreamPipelineProps } from './stream-pipeline-props.ts';
import { retentionFor } from './stream-retention.ts';

/** What the plan names: as it was given, or created in `scope`. */
export const createResources = (scope: Construct, props: StreamPipelineProps): PipelineResources => {
  const { plan } = props.pipeline;
  const { encryptionKey, accessLogs, removalPolicy = RemovalPolicy.RETAIN } = props;
  const kept = { encryptionKey, removalPolicy };
  return {
    stateTable: props.stateTable ?? createPipelineTable(scope, 'State', { key: stateTableKey, ...kept }),
    streams: collect(scope, 'Streams', streamsOf(plan), props.streams, (within, logical) =>
      createPipelineStream(within, logical, {
        shards: props.streamShards?.[logical] ?? props.shards ?? 1,
        retention: retentionFor(logical, props),
        ...kept,
      }),
    ),
    tables: collect(scope, 'Tables', targetsOf(plan, 'dynamo'), props.tables, (within, logical) =>
      createPipelineTable(within, logical, { key: tableKeyOf(plan, logical), ...kept }),
    ),
    queues: collect(scope, 'Queues', targetsOf(plan, 'sqs'), props.queues, (within, logical) =>
      createSinkQueue(within, logical, plan, kept),
    ),
    buckets: collect(scope, 'Buckets', targetsOf(plan, 's3'), props.buckets, (within, logical) =>
      createPipelineBucket(within, logical, { accessLogs, ...kept }),
    ),
    blobs: props.blobs && { bucket: props.blobs, prefix: `${plan.pipeline}/` },
  };
};

/** Logical names of all streams: what the stages read, and what `kinesisSink`s write. */
export const streamsOf = (plan: Plan): string[] => [
  ...new Set([...plan.stages.map(({ input }) => input.stream), ...targetsOf(plan, 'kinesis')]),
];

/** Logical names of the streams between stages. */
export const hopsOf = (plan: Plan): string[] =>
  plan.stages.flatMap(({ input }) => (input.kind === 'repartition' ? [input.stream] : []));

/** Logical names of what sinks of a kind write to. */
export const targetsOf = (plan: Plan, kind: SinkPlan['kind']): string[] => [
  ...new Set(plan.sinks.filter((sink) => sink.kind === kind).map(({ target }) => target)),
];

const collect = <T>(
  scope: Construct,
  id: string,
  logicalNames: readonly string[],
  given: Readonly<Record<string, T>> = {},
  create: (within: Construct, logical: string) => T,
): ReadonlyMap<string, T> => {
  const within = new Construct(scope, id);
  return new Map(logicalNames.map((logical) => [logical, given[logical] ?? create(within, logical)]));
};

const createSinkQueue = (
  scope: Construct,
  logical: string,
  plan: Plan,
  kept: {
    readonly encryptionKey: StreamPipelineProps['encryptionKey'] | undefined;
    readonly removalPolicy: RemovalPolicy;
  },
) => {
  const fifo = queueIsFifo(plan, logical);
  return createPipelineQueue(scope, logical, kept, fifo ? { fifo } : {});
};

/** Whether the sinks of a queue send to it as to a FIFO queue. */
export const queueIsFifo = (plan: Plan, queue: string): boolean => {
  const sinks = plan.sinks.filter(({ kind, target }) => kind === 'sqs' && target === queue).map(({ id }) => id);
  return plan.stages.some(({ operators }) =>
    operators.some(({ id, detail }) => sinks.includes(id) && detail.fifo === true),
  );
};
