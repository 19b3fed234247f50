import { Annotations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { estimateCost } from '../../lib/cost/estimate-cost.ts';
import { summarizeCost } from '../../lib/cost/render-cost.ts';
import type { WorkloadOptions } from '../../lib/cost/workload.ts';
import type { ExpectedWorkload } from './expected-workload.ts';
import { settingsOf } from './stage-settings.ts';
import type { StreamPipelineProps } from './stream-pipeline-props.ts';

/**
 * Says at synth what the pipeline is expected to cost, with the dearest of what its stages have. `millrace cost` has the arithmetic.
 * @param alarms how many are deployed with it
 * @throws MillraceError `INVALID_OPTION` (definition) for a workload that is none
 */
export const sayExpectedCost = (
  scope: Construct,
  workload: ExpectedWorkload,
  props: StreamPipelineProps,
  alarms: number,
): void => {
  const { plan } = props.pipeline;
  const settings = plan.stages.map(({ id }) => settingsOf(id, props));
  const streamsOf = (kind: 'source' | 'repartition') =>
    plan.stages
      .filter(({ input }) => (input.kind === 'source') === (kind === 'source'))
      .map(({ input }) => input.stream);
  const estimate = estimateCost(plan, {
    ...workload,
    ...shardCount('shards', streamsOf('source'), props),
    ...shardCount('repartitionShards', streamsOf('repartition'), props),
    batchSeconds: Math.max(1, Math.min(...settings.map(({ batchingWindow }) => batchingWindow.toSeconds()))),
    memoryMegabytes: Math.max(...settings.map(({ memorySize }) => memorySize)),
    fanOut: settings.some(({ enhancedFanOut }) => enhancedFanOut),
    alarms,
  });
  Annotations.of(scope).addInfo(summarizeCost(estimate));
};

/** The most that one of the streams has; left to the estimate where they are given or Kinesis decides. */
const shardCount = (
  name: 'shards' | 'repartitionShards',
  streams: readonly string[],
  { shards = 1, streamShards = {}, streams: given = {} }: StreamPipelineProps,
): Pick<WorkloadOptions, typeof name> => {
  const counts = streams.map((stream) => (stream in given ? undefined : (streamShards[stream] ?? shards)));
  const known = counts.filter((count) => typeof count === 'number');
  return known.length === 0 || known.length < counts.length ? {} : { [name]: Math.max(...known) };
};
