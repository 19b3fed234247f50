import {
  count,
  definePipeline,
  max,
  maxBy,
  minutes,
  type Stream,
  seconds,
  session,
  sliding,
  sum,
  tumbling,
} from 'millrace';
import { createPipelineTestDriver } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { aggregate } from '../../../lib/connectors/kpl/aggregate.ts';
import { anything, at, driverOf, type Event, events, of, pipelineOf, short } from './fixtures.ts';

describe('several windows over one key', () => {
  it('share the hop and each compute their own', async () => {
    const t = driverOf((events) => {
      const byKey = events.keyBy('by-key', (event) => event.key);
      byKey
        .window('minute', tumbling(minutes(1)))
        .aggregate('minutes', { n: count() })
        .sink('tumbling', anything());
      byKey
        .window('gap', session(seconds(10)))
        .aggregate('sessions', { n: count() })
        .sink('session', anything());
      byKey
        .window('slide', sliding(minutes(2), minutes(1)))
        .aggregate('slides', { v: sum((event) => event.v) })
        .sink('sliding', anything());
    });
    await t.send('events', [at(0, 1), at(5_000, 10), at(70_000, 100)]);
    await t.endInput();
    expect(short(t.output('tumbling'))).toEqual(['a [0,60) {n:2}', 'a [60,120) {n:1}']);
    expect(short(t.output('session'))).toEqual(['a [0,15) {n:2}', 'a [70,80) {n:1}']);
    expect(short(t.output('sliding'))).toEqual(['a [-60,60) {v:11}', 'a [0,120) {v:111}', 'a [60,180) {v:100}']);
  });

  it('have late records of their own', async () => {
    const t = driverOf((events) => {
      const byKey = events.keyBy('by-key', (event) => event.key);
      const strict = byKey.window('strict', tumbling(minutes(1)));
      const lenient = byKey.window('lenient', tumbling(minutes(1)), { allowedLateness: minutes(5) });
      strict.aggregate('a', { n: count() }).sink('out-a', anything());
      lenient.aggregate('b', { n: count() }).sink('out-b', anything());
      strict.late.sink('late-a', anything());
      lenient.late.sink('late-b', anything());
    });
    await t.advanceWatermark('events', minutes(2));
    await t.send('events', at(0, 3));
    expect(t.output('late-a')).toEqual([at(0, 3)]);
    expect(t.output('late-b')).toEqual([]);
    expect(short(t.output('out-b'))).toEqual(['a [0,60) {n:1}']);
  });
});

it('several aggregates of one window fire together', async () => {
  const t = driverOf((events) => {
    const windows = events.keyBy('by-key', (event) => event.key).window('minute', tumbling(minutes(1)));
    windows.aggregate('counts', { n: count() }).sink('counts-out', anything());
    windows.aggregate('peaks', { peak: max((event) => event.v), n: count() }).sink('peaks-out', anything());
  });
  await t.send('events', [at(0, 5), at(1, 7)]);
  await t.endInput();
  expect(short(t.output('counts-out'))).toEqual(['a [0,60) {n:2}']);
  expect(short(t.output('peaks-out'))).toEqual(['a [0,60) {peak:7,n:2}']);
});

describe('windows over windows', () => {
  const hottest = (stream: Stream<Event>) =>
    stream
      .keyBy('by-key', (event) => event.key)
      .window('minute', tumbling(minutes(1)))
      .aggregate('counts', { n: count() })
      .keyBy('all', () => 'all')
      .window('best', tumbling(minutes(1)))
      .aggregate('hottest', { best: maxBy((pane) => pane.value.n, { ties: 'all' }) })
      .map('names', ({ window, value }) => ({ from: window.startMs, keys: value.best.map((pane) => pane.key) }))
      .sink('out', anything());
  const hot = pipelineOf(hottest);

  it.each([1, 3])('see every pane of a window before they fire, over %i shards', async (shards) => {
    const t = createPipelineTestDriver(hot, { shards });
    const all = [of('x', 0), of('y', 1_000), of('z', 2_000), of('x', 3_000), of('z', 59_999), of('y', 60_000)];
    for (const event of all) await t.send('events', event, { shard: 0 });
    await t.endInput();
    // Both have two records in the first minute; ties come in the order of their JSON.
    expect(t.output('out')).toEqual([
      { from: 0, keys: ['x', 'z'] },
      { from: 60_000, keys: ['y'] },
    ]);
  });

  it('get a pane before the watermark that fires it, though one commit brings its record and that watermark', async () => {
    const pipeline = definePipeline('hot', {}, (p) =>
      hottest(p.source('events', events('events', undefined, 'kinesis-aggregation'))),
    );
    const t = createPipelineTestDriver(pipeline);
    // One stream record of two: the second moves the watermark to the last millisecond of the first one's window.
    const both = [of('x', 0), of('y', 60_000)].map((event) => ({
      data: Buffer.from(JSON.stringify(event)),
      partitionKey: 'any',
    }));
    const [packed] = aggregate(both);
    await t.sendRaw('events', packed!.data);
    expect(t.watermarkMs('events')).toBe(59_999);
    expect(t.output('out')).toEqual([{ from: 0, keys: ['x'] }]);
  });

  it('fire with the watermark that fired the first, and not later', async () => {
    const t = createPipelineTestDriver(hot);
    await t.send('events', of('x', 0));
    await t.advanceWatermark('events', 59_999);
    expect(t.output('out')).toEqual([{ from: 0, keys: ['x'] }]);
  });

  it('get each firing of a window that fires again', async () => {
    const t = driverOf((events) =>
      events
        .keyBy('by-key', (event) => event.key)
        .window('minute', tumbling(minutes(1)), { allowedLateness: minutes(10) })
        .aggregate('counts', { n: count() })
        .keyBy('all', () => 'all')
        .window('hour', tumbling(minutes(60)))
        .aggregate('firings', { firings: count(), most: max((pane) => pane.value.n) })
        .sink('out', anything()),
    );
    await t.send('events', at(0));
    await t.advanceWatermark('events', minutes(1));
    await t.send('events', at(1));
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['all [0,3600) {firings:2,most:2}']);
  });
});
