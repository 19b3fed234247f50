import { Duration } from 'aws-cdk-lib';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { describe, expect, it } from 'vitest';
import revenue from '../../functions/revenue/pipeline.ts';
import { estimateCost } from '../../lib/cost/estimate-cost.ts';
import { summarizeCost } from '../../lib/cost/render-cost.ts';
import type { WorkloadOptions } from '../../lib/cost/workload.ts';
import { deployIn, emptyStack, synthesize } from './reference-stack.ts';

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
    const streamShards = { orders: 4, 'revenue-by-province': 2, 'late-orders': 2 };
    expect(said(props)).toEqual([lineFor({ streamShards, memoryMegabytes: 2_048, batchSeconds: 5, fanOut: true })]);
  });

  it('has the prices of streams on demand where Kinesis decides on shards', () => {
    const all = { shards: 'on-demand', repartitionShards: 'on-demand' } as const;
    const streamShards = { 'late-orders': 'on-demand' } as const;
    expect(said({ workload, alarms: false, shards: 'on-demand' })).toEqual([lineFor({ ...all, streamShards })]);
    const one = { orders: 'on-demand' } as const;
    expect(said({ workload, alarms: false, streamShards: one })).toEqual([lineFor({ streamShards: one })]);
    expect(lineFor({ streamShards: one })).not.toBe(lineFor({}));
  });

  it('leaves the shards of a stream that is given to the estimate', () => {
    const stack = emptyStack();
    const arn = 'arn:aws:kinesis:eu-west-1:111122223333:stream/orders';
    const streams = { orders: Stream.fromStreamArn(stack, 'Given', arn) };
    const { node } = deployIn(stack, revenue, { workload, alarms: false, streams });
    const line = node.metadata.find(({ type }) => type === 'aws:cdk:info')?.data;
    const estimate = estimateCost(revenue.plan, { ...workload, repartitionShards: 1 });
    expect(line).toBe(summarizeCost(estimate));
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
