import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { estimateCost } from '../../../lib/cost/estimate-cost.ts';
import { distinctKeys } from '../../../lib/cost/flow.ts';
import { renderCost } from '../../../lib/cost/render-cost.ts';
import { trafficOf } from '../../../lib/cost/stage-traffic.ts';
import { readWorkload } from '../../../lib/cost/workload.ts';
import {
  boundedOutOfOrderness,
  count,
  definePipeline,
  dynamoSink,
  kinesisSink,
  kinesisSource,
  minutes,
  seconds,
  sqsSink,
  tumbling,
} from '../../../lib/index.ts';
import { MemoryItemStore } from '../../../lib/memory/memory-item-store.ts';
import { MemoryStreams } from '../../../lib/memory/memory-streams.ts';
import { MemoryTableSink } from '../../../lib/memory/memory-table-sink.ts';
import { Deadline } from '../../../lib/runtime/deadline.ts';
import { StageRuntime } from '../../../lib/runtime/stage-runtime.ts';
import type { StoreRequest } from '../../../lib/state/item-store.ts';
import { ManualClock } from '../../../lib/testing/manual-clock.ts';
import { SeededRandom } from '../../../lib/testing/seeded-random.ts';
import { joining } from '../../support/joining-pipeline.ts';

const Click = z.object({ page: z.string(), at: z.number() });
const Count = z.object({ page: z.string(), startMs: z.number(), clicks: z.number() });

const pipeline = definePipeline('clicks', { delivery: 'exactly-once' }, (p) => {
  p.source(
    'clicks',
    kinesisSource({
      stream: 'clicks',
      schema: Click,
      eventTimeMs: ({ at }) => at,
      watermarks: boundedOutOfOrderness(seconds(1)),
    }),
  )
    .keyBy('by-page', ({ page }) => page)
    .window('minute', tumbling(minutes(1)))
    .aggregate('counts', { clicks: count() })
    .map('row', ({ key, window, value }) => ({ page: key, startMs: window.startMs, clicks: value.clicks }))
    .sink('table', dynamoSink({ table: 'counts', schema: Count, key: ['page', 'startMs'], streamKey: 'page' }));
});

const lineOf = (lines: readonly { what: string; usd: number; arithmetic: string }[], what: string) =>
  lines.find((line) => line.what === what);

/** Eight bytes that do not compress, for each key. */
const pageOf = (i: number): string => createHash('sha256').update(String(i)).digest('hex').slice(0, 16);

const FIRST = 10;

/** Write units of the state table for a minute and more of events, one batch a second, as the engine uses them. */
const measureWrites = async (
  eventsPerSecond: number,
  keys: number,
): Promise<{ commits: number; snapshots: number }> => {
  const clock = new ManualClock(1_700_000_000_000);
  const streams = new MemoryStreams(clock);
  const requests: StoreRequest[] = [];
  const items = new MemoryItemStore({ observer: (request) => requests.push(request) });
  const random = new SeededRandom(3);
  const sinks = new Map([['table', new MemoryTableSink('table', ['page', 'startMs'])]]);
  const stages = pipeline.plan.stages.map(({ id, input }) => {
    streams.createStream(input.stream);
    const ports = { items, streams, sinks, clock, random, observer: {} };
    const runtime = new StageRuntime({ pipeline, stage: id, ports, resolveStream: (name) => name });
    return { runtime, stream: input.stream };
  });
  const SECONDS = 140;
  for (let second = 0; second < SECONDS; second++) {
    // What makes the logs is paid once.
    if (second === FIRST) requests.length = 0;
    const at = 1_700_000_000_000 + second * 1_000;
    const data = () => Buffer.from(JSON.stringify({ page: pageOf(Math.floor(random.fraction() * keys)), at }));
    await streams.putRecords(
      'clicks',
      Array.from({ length: eventsPerSecond }, () => ({ partitionKey: 'p', data: data() })),
    );
    for (const { runtime, stream } of stages) {
      const { records } = await (await streams.openReader(stream, 'shardId-000000000000', { at: 'trim-horizon' })).next(
        10_000,
      );
      if (records.length > 0) await runtime.processBatch('shardId-000000000000', records, Deadline.in(clock, 60_000));
      streams.forget(stream);
    }
    clock.advance(1_000);
  }
  const unitsOf = (of: (request: StoreRequest) => boolean) =>
    requests.filter(of).reduce((sum, { writeUnits }) => sum + writeUnits, 0) / ((SECONDS - FIRST) * eventsPerSecond);
  return {
    commits: unitsOf(({ operation }) => operation === 'put'),
    snapshots: unitsOf(({ operation }) => operation === 'putMany' || operation === 'deleteMany'),
  };
};

describe('an estimate of cost', () => {
  it.each([
    { eventsPerSecond: 50, keys: 20 },
    { eventsPerSecond: 300, keys: 100 },
    { eventsPerSecond: 400, keys: 5_000 },
  ])('is near to what the engine writes at $eventsPerSecond events a second, $keys keys', async (load) => {
    const measured = await measureWrites(load.eventsPerSecond, load.keys);
    const workload = { ...load, shards: 1, repartitionShards: 1 };
    const { perMillionEvents } = estimateCost(pipeline.plan, workload);
    const writes = (what: string) => (lineOf(perMillionEvents, what)?.usd ?? 0) / 0.625;
    const ratio =
      (writes('commits, with their outputs') + writes('snapshots')) / (measured.commits + measured.snapshots);
    expect(ratio).toBeGreaterThan(0.7);
    expect(ratio).toBeLessThan(1.5);
  });

  it('counts a row of the table for each key of each window', () => {
    const { perMillionEvents } = estimateCost(pipeline.plan, { eventsPerSecond: 1_000, keys: 100 });
    // 100 rows a minute are 1,667 for a million events.
    expect(lineOf(perMillionEvents, 'rows of sink table')?.arithmetic).toBe('1,667 write units × $0.625 / M');
  });

  it('is cheaper for each event where there are more of them, and dearer where keys are many', () => {
    const usd = (eventsPerSecond: number, keys: number) =>
      estimateCost(pipeline.plan, { eventsPerSecond, keys }).usdPerMillionEvents;
    expect(usd(10_000, 1_000)).toBeLessThan(usd(100, 1_000));
    expect(usd(1_000, 100_000)).toBeGreaterThan(usd(1_000, 100));
  });

  it('adds up, and charges an idle month by shards', () => {
    const estimate = estimateCost(pipeline.plan, {
      eventsPerSecond: 10,
      keys: 10,
      shards: 3,
      repartitionShards: 2,
      alarms: 4,
    });
    const sum = (lines: readonly { usd: number }[]) => lines.reduce((total, { usd }) => total + usd, 0);
    expect(estimate.usdPerMillionEvents).toBeCloseTo(sum(estimate.perMillionEvents), 10);
    expect(estimate.usdPerIdleMonth).toBeCloseTo(sum(estimate.perIdleMonth), 10);
    expect(lineOf(estimate.perIdleMonth, 'shards of sources')?.usd).toBeCloseTo(3 * 730 * 0.015, 10);
    expect(lineOf(estimate.perIdleMonth, 'shards between stages')?.usd).toBeCloseTo(2 * 730 * 0.015, 10);
    expect(lineOf(estimate.perIdleMonth, 'alarms')?.usd).toBeCloseTo(0.4, 10);
  });

  it('takes as many shards as the events need', () => {
    const shards = (eventsPerSecond: number) =>
      trafficOf(pipeline.plan, readWorkload({ eventsPerSecond, keys: 100 })).map((stage) => stage.shards);
    expect(shards(10)).toEqual([1, 1]);
    expect(shards(10_000)).toEqual([15, 1]);
  });

  it('counts pairs by the rates of both sides, and two changes of state for each key whose records wait', () => {
    const workload = readWorkload({ eventsPerSecond: 200, keys: 1_000 });
    const [views, buys, join] = ['views', 'buys', 'views-by-page'].map((id) =>
      trafficOf(joining(seconds(10)).plan, workload).find(({ stage }) => stage === id),
    );
    // A view meets the buys of 10 s of its page: 100 a second among 1,000 pages.
    expect(join?.sinks[0]?.rowsPerSecond).toBeCloseTo(100 * ((100 * 10.001) / 1_000), 5);
    expect([views?.entriesPerCommit, buys?.entriesPerCommit]).toEqual([0, 0]);
    const rowsPerSecond = (join?.rowsPerCommit as number) * (join?.commitsPerSecond as number);
    expect(rowsPerSecond).toBeCloseTo(200, 5);
    const rows = join?.rowsPerCommit as number;
    expect(join?.entriesPerCommit).toBeCloseTo(2 * distinctKeys(1_000, rows), 5);
    expect(join?.entriesPerCommit).toBeLessThan(2 * rows);
    expect(join?.keptBytesPerCommit).toBeGreaterThan(50 * (join?.rowsPerCommit as number));
    const usd = (upper: number) =>
      estimateCost(joining(seconds(upper)).plan, { eventsPerSecond: 200, keys: 1_000 }).usdPerMillionEvents;
    expect(usd(100)).toBeGreaterThan(usd(10));
  });

  it('counts the messages of a queue, and fan-out only where it is asked for', () => {
    const alerts = definePipeline('alerts', { delivery: 'exactly-once' }, (p) => {
      p.source(
        'clicks',
        kinesisSource({
          stream: 'clicks',
          schema: Click,
          eventTimeMs: ({ at }) => at,
          watermarks: boundedOutOfOrderness(seconds(1)),
        }),
      ).sink('queue', sqsSink({ queue: 'alerts', schema: Click }));
    });
    const plain = estimateCost(alerts.plan, { eventsPerSecond: 100, keys: 1 });
    expect(lineOf(plain.perMillionEvents, 'rows of sink queue')?.arithmetic).toBe('1,000,000 messages × $0.4 / M');
    expect(lineOf(plain.perMillionEvents, 'enhanced fan-out')).toBeUndefined();
    const fanned = estimateCost(alerts.plan, { eventsPerSecond: 100, keys: 1, fanOut: true });
    expect(lineOf(fanned.perMillionEvents, 'enhanced fan-out')?.arithmetic).toBe('0.280 GB × $0.013');
    expect(fanned.usdPerIdleMonth).toBeGreaterThan(plain.usdPerIdleMonth);
  });

  describe('of streams on demand', () => {
    const load = { eventsPerSecond: 1_000, keys: 100 } as const;
    const provisioned = estimateCost(pipeline.plan, load);
    const onDemand = estimateCost(pipeline.plan, { ...load, shards: 'on-demand', repartitionShards: 'on-demand' });

    it('charges what goes in and out by whole KB of a record, and each stream by the hour', () => {
      // A million events of 280 B are a million KB.
      expect(lineOf(onDemand.perMillionEvents, 'events put, one a record, on demand')?.arithmetic).toBe(
        '1.024 GB × $0.08',
      );
      const packets = lineOf(onDemand.perMillionEvents, 'packets between stages, on demand')?.usd ?? 0;
      const reads = lineOf(onDemand.perMillionEvents, 'reads, on demand')?.usd ?? 0;
      expect(packets).toBeGreaterThan(0);
      expect(reads).toBeCloseTo((1.024 * 0.08 + packets) / 2, 10);
      expect(lineOf(onDemand.perIdleMonth, 'streams of sources, on demand')?.usd).toBeCloseTo(730 * 0.04, 10);
      expect(lineOf(onDemand.perIdleMonth, 'streams between stages, on demand')?.usd).toBeCloseTo(730 * 0.04, 10);
    });

    it('charges no shards and no puts', () => {
      const whats = [...onDemand.perMillionEvents, ...onDemand.perIdleMonth].map(({ what }) => what);
      expect(whats.filter((what) => /shards|fan-out/.test(what) || what === 'events put, one a record')).toEqual([]);
      expect(lineOf(provisioned.perMillionEvents, 'reads, on demand')).toBeUndefined();
    });

    it('has fan-out at its own price, and no shard for it by the hour', () => {
      const fanned = estimateCost(pipeline.plan, { ...load, shards: 'on-demand', fanOut: true });
      expect(lineOf(fanned.perMillionEvents, 'enhanced fan-out, on demand')?.arithmetic).toBe('1.024 GB × $0.05');
      expect(lineOf(fanned.perIdleMonth, 'enhanced fan-out')?.arithmetic).toBe('1 × 730 h × $0.015');
    });

    it('counts the commits of the shards that they begin with, and of twice what they take', () => {
      const shards = (eventsPerSecond: number) =>
        trafficOf(pipeline.plan, readWorkload({ eventsPerSecond, keys: 100, shards: 'on-demand' }))[0]?.shards;
      expect(shards(10)).toBe(4);
      expect(shards(10_000)).toBe(20);
    });
  });

  it('takes single streams by their names, those of sinks too', () => {
    const late = definePipeline('late', { delivery: 'exactly-once' }, (p) => {
      p.source(
        'clicks',
        kinesisSource({
          stream: 'clicks',
          schema: Click,
          eventTimeMs: ({ at }) => at,
          watermarks: boundedOutOfOrderness(seconds(1)),
        }),
      ).sink('copies', kinesisSink({ stream: 'copies', schema: Click, partitionKey: ({ page }) => page }));
    });
    const estimate = (streamShards: Record<string, number | 'on-demand'>) =>
      estimateCost(late.plan, { eventsPerSecond: 100, keys: 1, shards: 2, streamShards });
    const given = estimate({ clicks: 3, copies: 'on-demand' });
    expect(lineOf(given.perIdleMonth, 'shards of sources')?.arithmetic).toBe('3 × 730 h × $0.015');
    expect(lineOf(given.perIdleMonth, 'streams of sinks, on demand')?.arithmetic).toBe('1 × 730 h × $0.04');
    expect(lineOf(given.perMillionEvents, 'rows of sink copies')?.arithmetic).toBe('1.024 GB × $0.08');
    expect(lineOf(estimate({}).perIdleMonth, 'shards of sources')?.arithmetic).toBe('2 × 730 h × $0.015');
    expect(lineOf(estimate({}).perIdleMonth, 'shards of sinks')?.arithmetic).toBe('1 × 730 h × $0.015');
  });

  it('says its prices, their date and what it assumes', () => {
    const text = renderCost(estimateCost(pipeline.plan, { eventsPerSecond: 1_000, keys: 10_000 }));
    expect(text).toContain('(us-east-1, list prices of 2026-11)');
    expect(text).toContain('10,000 keys, a batch every 1 s');
  });

  it.each([
    [{ eventsPerSecond: 0, keys: 1 }, "option 'eventsPerSecond' is 0: expected a number above 0"],
    [{ eventsPerSecond: 1, keys: 1.5 }, "option 'keys' is 1.5: expected a whole number from 1 on"],
    [
      { eventsPerSecond: 1, keys: 1, memoryMegabytes: 64 },
      "option 'memoryMegabytes' is 64: expected megabytes, 128 … 10240",
    ],
    [
      { eventsPerSecond: 1, keys: 1, shards: 0.5 },
      "option 'shards' is 0.5: expected a whole number from 1 on, or 'on-demand'",
    ],
    [{ eventsPerSecond: 1, keys: 1, batchSeconds: 301 }, "option 'batchSeconds' is 301: expected at most 300 seconds"],
  ])('refuses %j', (workload, message) => {
    expect(() => estimateCost(pipeline.plan, workload)).toThrow(message);
  });
});
