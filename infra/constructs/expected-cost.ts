import { Annotations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { estimateCost } from '../../lib/cost/estimate-cost.ts';
import { summarizeCost } from '../../lib/cost/render-cost.ts';
import { streamsOf } from './create-resources.ts';
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
  const estimate = estimateCost(plan, {
    ...workload,
    streamShards: shardsOfCreated(props),
    batchSeconds: Math.max(1, Math.min(...settings.map(({ batchingWindow }) => batchingWindow.toSeconds()))),
    memoryMegabytes: Math.max(...settings.map(({ memorySize }) => memorySize)),
    fanOut: settings.some(({ enhancedFanOut }) => enhancedFanOut),
    alarms,
  });
  Annotations.of(scope).addInfo(summarizeCost(estimate));
};

/** What is created with how many shards. What is given is left to the estimate, as provisioned as the load needs. */
const shardsOfCreated = ({ pipeline, shards = 1, streamShards = {}, streams = {} }: StreamPipelineProps) =>
  Object.fromEntries(
    streamsOf(pipeline.plan)
      .filter((stream) => !(stream in streams))
      .map((stream) => [stream, streamShards[stream] ?? shards] as const),
  );
