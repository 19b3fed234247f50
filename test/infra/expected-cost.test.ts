import { Duration } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import revenue from '../../functions/revenue/pipeline.ts';
import { estimateCost } from '../../lib/cost/estimate-cost.ts';
import { summarizeCost } from '../../lib/cost/render-cost.ts';
import type { WorkloadOptions } from '../../lib/cost/workload.ts';
import { synthesize } from './reference-stack.ts';

type Props = Parameters<typeof synthesize>[0];

/** What `cdk synth` prints of the construct. */
const said = (props: Props): unknown[] =>
  synthesize(props)
    .pipeline.node.metadata.filter(({ type }) => type === 'aws:cdk:info')
    .map(({ data }) => data);

const workload = { eventsPerSecond: 1_000, keys: 10_000 };
const lineFor = (options: Partial<WorkloadOptions>) =>
  summarizeCost(
    estimateCost(revenue.plan, { ...workload, shards: 1, repartitionShards: 1, memoryMegabytes: 1_024, ...options }),
  );

describe('the expected cost at synth', () => {
  it('is one line, where a workload is given', () => {
    expect(said({ workload, alarms: false })).toEqual([lineFor({})]);
    expect(said({})).toEqual([]);
  });

  it('follows what is deployed', () => {
    const props: Props = {
      workload,
      alarms: false,
      shards: 2,
      streamShards: { orders: 4 },
      stages: { orders: { memorySize: 2_048 } },
      batchingWindow: Duration.seconds(5),
      enhancedFanOut: true,
    };
    const deployed = { shards: 4, repartitionShards: 2, memoryMegabytes: 2_048, batchSeconds: 5, fanOut: true };
    expect(said(props)).toEqual([lineFor(deployed)]);
  });

  it('takes as many shards as are needed where Kinesis decides', () => {
    expect(said({ workload, alarms: false, shards: 'on-demand' })).toEqual([
      summarizeCost(estimateCost(revenue.plan, { ...workload, memoryMegabytes: 1_024 })),
    ]);
  });

  it('counts the alarms', () => {
    const { pipeline } = synthesize({ workload });
    expect(pipeline.alarms.length).toBeGreaterThan(0);
    expect(said({ workload })).toEqual([lineFor({ alarms: pipeline.alarms.length })]);
  });

  it('is refused for a workload that is none', () => {
    expect(() => synthesize({ workload: { eventsPerSecond: 0, keys: 1 } })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining('eventsPerSecond') }),
    );
  });
});
