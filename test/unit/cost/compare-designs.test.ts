import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { compareDesigns } from '../../../lib/cost/compare-designs.ts';
import { estimateCost } from '../../../lib/cost/estimate-cost.ts';
import { distinctKeys } from '../../../lib/cost/flow.ts';
import {
  boundedOutOfOrderness,
  count,
  definePipeline,
  dynamoSink,
  kinesisSource,
  type Millis,
  minutes,
  seconds,
  sliding,
} from '../../../lib/index.ts';

const Click = z.object({ page: z.string(), at: z.number() });

const source = () =>
  kinesisSource({
    stream: 'clicks',
    schema: Click,
    eventTimeMs: ({ at }) => at,
    watermarks: boundedOutOfOrderness(seconds(1)),
  });

const counted = (every: Millis) =>
  definePipeline('clicks', { delivery: 'exactly-once' }, (p) => {
    p.source('clicks', source())
      .keyBy('by-page', ({ page }) => page)
      .window('window', sliding(minutes(2), every))
      .aggregate('counts', { clicks: count() })
      .map('row', ({ key, window, value }) => ({ page: key, startMs: window.startMs, clicks: value.clicks }))
      .sink(
        'table',
        dynamoSink({
          table: 'counts',
          schema: z.object({ page: z.string(), startMs: z.number(), clicks: z.number() }),
          key: ['page', 'startMs'],
          streamKey: 'page',
        }),
      );
  }).plan;

const load = { eventsPerSecond: 1_000, keys: 100, shards: 1, repartitionShards: 1 };
const usdOf = (
  plan: Parameters<typeof compareDesigns>[0],
  options: Partial<typeof load> & { rowBytes?: number } = {},
) => Object.fromEntries(compareDesigns(plan, { ...load, ...options }).map(({ design, usd }) => [design, usd]));

describe('designs that are compared', () => {
  it('cost by record what their items and units add up to', () => {
    expect(usdOf(counted(minutes(2)))).toMatchObject({
      'UpdateItem for each record': 0.625,
      'idempotency record (put, then completed) and UpdateItem for each record': 1.875,
      'transaction of UpdateItem and a marker for each record': 2.5,
    });
  });

  it('cost a unit for each KB of an item begun', () => {
    expect(usdOf(counted(minutes(2)), { rowBytes: 1_500 })).toMatchObject({
      'UpdateItem for each record': 1.25,
      'transaction of UpdateItem and a marker for each record': 3.75,
    });
  });

  it('cost by batch a unit for each key in it', () => {
    const keys = distinctKeys(100, 1_000);
    expect(usdOf(counted(minutes(2)))['UpdateItem for each key of a batch']).toBeCloseTo(keys * 1_000 * 0.625e-6, 6);
  });

  it('update an item for each window that a record is in', () => {
    expect(usdOf(counted(minutes(1)))['UpdateItem for each record']).toBeCloseTo(1.25, 10);
  });

  it('are set beside what the estimate says of DynamoDB', () => {
    const designs = compareDesigns(counted(minutes(2)), load);
    const lines = estimateCost(counted(minutes(2)), load).perMillionEvents.filter(
      ({ service }) => service === 'DynamoDB',
    );
    const sum = lines.reduce((usd, line) => usd + line.usd, 0);
    expect(designs.at(-1)).toMatchObject({ design: 'Millrace: state, and the rows of its tables', exactlyOnce: 'yes' });
    expect(designs.at(-1)?.usd).toBeCloseTo(sum, 10);
    expect(designs.at(-2)?.usd).toBeLessThan(sum);
  });

  it('are none where nothing is aggregated', () => {
    const copied = definePipeline('copies', { delivery: 'exactly-once' }, (p) => {
      p.source('clicks', source()).sink('table', dynamoSink({ table: 'clicks', schema: Click, key: ['page'] }));
    });
    expect(compareDesigns(copied.plan, load)).toEqual([]);
  });
});
