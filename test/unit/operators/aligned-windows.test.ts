import { count, minutes, seconds, sliding, sum, tumbling, type WindowAssigner, type WindowOptions } from 'millrace';
import { describe, expect, it } from 'vitest';
import { anything, at, driverOf, of, short } from './fixtures.ts';

const start = (assigner: WindowAssigner, options: WindowOptions = {}, batchSize = 1) =>
  driverOf(
    (events) => {
      const windows = events.keyBy('by-key', (event) => event.key).window('window', assigner, options);
      windows.aggregate('total', { n: count(), v: sum((event) => event.v) }).sink('out', anything());
      windows.late.sink('late', anything('late'));
    },
    { batchSize },
  );

describe('tumbling windows', () => {
  it('hold their first millisecond and not their last one', async () => {
    const t = start(tumbling(minutes(1)));
    await t.send('events', [at(0), at(59_999), at(60_000), at(119_999)]);
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['a [0,60) {n:2,v:0}', 'a [60,120) {n:2,v:0}']);
  });

  it('fire when the watermark reaches their last millisecond', async () => {
    const t = start(tumbling(minutes(1)));
    await t.send('events', at(0));
    await t.advanceWatermark('events', 59_998);
    expect(t.output('out')).toEqual([]);
    await t.advanceWatermark('events', 59_999);
    expect(short(t.output('out'))).toEqual(['a [0,60) {n:1,v:0}']);
  });

  it('fire by the records of other keys too', async () => {
    const t = start(tumbling(minutes(1)));
    await t.send('events', [of('a', 0), of('b', 60_001)]);
    expect(short(t.output('out'))).toEqual(['a [0,60) {n:1,v:0}']);
  });

  it('stand where their offset puts them', async () => {
    const t = start(tumbling(minutes(1), { offset: seconds(10) }));
    await t.send('events', [at(9_999), at(10_000)]);
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['a [-50,10) {n:1,v:0}', 'a [10,70) {n:1,v:0}']);
  });

  it('take records out of order while they are open', async () => {
    const t = start(tumbling(minutes(1)));
    await t.send('events', [at(50_000), at(20_000), at(0)]);
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['a [0,60) {n:3,v:0}']);
  });
});

describe('sliding windows', () => {
  it('hold a record in each window over it, and fire one after the other', async () => {
    const t = start(sliding(minutes(2), minutes(1)));
    await t.send('events', at(90_000));
    await t.advanceWatermark('events', 119_999);
    expect(short(t.output('out'))).toEqual(['a [0,120) {n:1,v:0}']);
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['a [0,120) {n:1,v:0}', 'a [60,180) {n:1,v:0}']);
  });

  it('may slide by what does not divide their size', async () => {
    const t = start(sliding(seconds(5), seconds(3)), {}, 10);
    await t.send('events', [at(0, 1), at(3_000, 10), at(5_000, 100)]);
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['a [-3,2) {n:1,v:1}', 'a [0,5) {n:2,v:11}', 'a [3,8) {n:2,v:110}']);
  });

  it('take a record into those that are still open', async () => {
    const t = start(sliding(minutes(2), minutes(1)));
    await t.send('events', at(90_000, 1));
    await t.advanceWatermark('events', 119_999);
    await t.send('events', at(80_000, 10));
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['a [0,120) {n:1,v:1}', 'a [60,180) {n:2,v:11}']);
    expect(t.output('late')).toEqual([]);
  });
});

describe('allowed lateness', () => {
  const late = { allowedLateness: minutes(1) };

  it('fires a window again with all it has, for each late record', async () => {
    const t = start(tumbling(minutes(1)), late);
    await t.send('events', at(0, 1));
    await t.advanceWatermark('events', 60_000);
    await t.send('events', [at(1, 10), at(2, 100)]);
    expect(short(t.output('out'))).toEqual(['a [0,60) {n:1,v:1}', 'a [0,60) {n:2,v:11}', 'a [0,60) {n:3,v:111}']);
  });

  it('fires a window again at once where the watermark stands at its very last millisecond', async () => {
    const t = start(tumbling(minutes(1)), late);
    await t.send('events', at(0, 1));
    await t.advanceWatermark('events', 59_999);
    await t.send('events', at(1, 10));
    expect(short(t.output('out'))).toEqual(['a [0,60) {n:1,v:1}', 'a [0,60) {n:2,v:11}']);
  });

  it('fires a window again once for a batch of late records', async () => {
    const t = start(tumbling(minutes(1)), late, 10);
    await t.send('events', at(0, 1));
    await t.advanceWatermark('events', 60_000);
    await t.send('events', [at(1, 10), at(2, 100)]);
    expect(short(t.output('out'))).toEqual(['a [0,60) {n:1,v:1}', 'a [0,60) {n:3,v:111}']);
  });

  it('fires a window whose first record is late', async () => {
    const t = start(tumbling(minutes(1)), late);
    await t.advanceWatermark('events', 100_000);
    await t.send('events', at(30_000));
    expect(short(t.output('out'))).toEqual(['a [0,60) {n:1,v:0}']);
  });

  it('does not fire a window again where nothing came', async () => {
    const t = start(tumbling(minutes(1)), late);
    await t.send('events', at(0));
    await t.advanceWatermark('events', 60_000);
    await t.advanceWatermark('events', 90_000);
    await t.endInput();
    expect(t.output('out')).toHaveLength(1);
  });

  it('ends with the millisecond that it says', async () => {
    const t = start(tumbling(minutes(1)), late);
    await t.advanceWatermark('events', 119_998);
    await t.send('events', at(0, 1));
    await t.advanceWatermark('events', 119_999);
    await t.send('events', at(0, 2));
    expect(short(t.output('out'))).toEqual(['a [0,60) {n:1,v:1}']);
    expect(t.output('late')).toEqual([at(0, 2)]);
  });

  it('survives a restart between two firings', async () => {
    const t = start(tumbling(minutes(1)), late);
    await t.send('events', at(0, 1));
    await t.advanceWatermark('events', 60_000);
    await t.restart();
    await t.send('events', at(1, 10));
    expect(short(t.output('out'))).toEqual(['a [0,60) {n:1,v:1}', 'a [0,60) {n:2,v:11}']);
  });
});

describe('late records', () => {
  it('come out as they were, although the window is computed in part before the hop', async () => {
    const t = start(tumbling(minutes(1)), {}, 10);
    await t.advanceWatermark('events', 60_000);
    await t.send('events', [at(1, 1), of('b', 60_000, 2), at(2, 3)]);
    expect(t.output('late')).toEqual([at(1, 1), at(2, 3)]);
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['b [60,120) {n:1,v:2}']);
  });

  it('are dropped where nobody reads them, and are no rejects', async () => {
    const t = driverOf((events) =>
      events
        .keyBy('by-key', (event) => event.key)
        .window('window', tumbling(minutes(1)))
        .aggregate('total', { n: count() })
        .sink('out', anything()),
    );
    await t.advanceWatermark('events', 60_000);
    await t.send('events', at(0));
    await t.endInput();
    expect(t.output('out')).toEqual([]);
    expect(t.quarantine()).toEqual([]);
  });

  it('may go on into other windows', async () => {
    const t = driverOf((events) => {
      const windows = events.keyBy('by-key', (event) => event.key).window('window', tumbling(minutes(1)));
      windows.aggregate('total', { n: count() }).sink('out', anything());
      windows.late
        .keyBy('all', () => 'late')
        .window('hour', tumbling(minutes(60)))
        .aggregate('lates', { n: count() })
        .sink('late', anything('late'));
    });
    await t.advanceWatermark('events', minutes(2));
    await t.send('events', [at(0), at(1)]);
    await t.endInput();
    expect(short(t.output('late'))).toEqual(['late [0,3600) {n:2}']);
  });
});
