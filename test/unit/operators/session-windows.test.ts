import { count, seconds, session, sum, type WindowOptions } from 'millrace';
import { describe, expect, it } from 'vitest';
import { anything, at, driverOf, of, short } from './fixtures.ts';

const start = (options: WindowOptions = {}, batchSize = 1) =>
  driverOf(
    (events) => {
      const windows = events.keyBy('by-key', (event) => event.key).window('window', session(seconds(10)), options);
      windows.aggregate('total', { n: count(), v: sum((event) => event.v) }).sink('out', anything());
      windows.late.sink('late', anything('late'));
    },
    { batchSize },
  );

describe.each([
  ['one commit a record', 1],
  ['combined before the hop', 10],
])('sessions, %s,', (_, batchSize) => {
  it('hold records that are less than the gap apart', async () => {
    const t = start({}, batchSize);
    await t.send('events', [at(0), at(9_999), at(19_998)]);
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['a [0,29.998) {n:3,v:0}']);
  });

  it('part where records are exactly the gap apart', async () => {
    const t = start({}, batchSize);
    await t.send('events', [at(0), at(10_000)]);
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['a [0,10) {n:1,v:0}', 'a [10,20) {n:1,v:0}']);
  });

  it('become one by a record between them', async () => {
    const t = start({ allowedLateness: seconds(60) }, batchSize);
    await t.send('events', [at(0, 1), at(15_000, 10), at(8_000, 100)]);
    await t.endInput();
    expect(short(t.output('out')).at(-1)).toBe('a [0,25) {n:3,v:111}');
  });

  it('are each key’s own', async () => {
    const t = start({}, batchSize);
    await t.send('events', [of('a', 0), of('b', 5_000), of('a', 9_000)]);
    await t.endInput();
    expect(short(t.output('out')).sort()).toEqual(['a [0,19) {n:2,v:0}', 'b [5,15) {n:1,v:0}']);
  });
});

describe('sessions', () => {
  it('fire when the gap has passed without a record', async () => {
    const t = start();
    await t.send('events', at(0));
    await t.advanceWatermark('events', 9_998);
    expect(t.output('out')).toEqual([]);
    await t.advanceWatermark('events', 9_999);
    expect(short(t.output('out'))).toEqual(['a [0,10) {n:1,v:0}']);
  });

  it('are there again after a restart', async () => {
    const t = start();
    await t.send('events', at(0));
    await t.restart();
    await t.send('events', at(5_000));
    await t.restart();
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['a [0,15) {n:2,v:0}']);
  });

  it('take a record that is behind the watermark where it joins one that is open', async () => {
    const t = start();
    await t.send('events', [at(5_000, 1), at(13_000, 10)]);
    expect(t.watermarkMs('events')).toBe(12_999);
    await t.send('events', at(1_000, 100));
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['a [1,23) {n:3,v:111}']);
    expect(t.output('late')).toEqual([]);
  });

  it('leave a record to .late that would be a session of its own and closed', async () => {
    const t = start();
    await t.send('events', [at(50_000), at(1_000, 7)]);
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['a [50,60) {n:1,v:0}']);
    expect(t.output('late')).toEqual([at(1_000, 7)]);
  });

  it('fire again, longer, when a late record joins them', async () => {
    const t = start({ allowedLateness: seconds(30) });
    await t.send('events', at(0, 1));
    await t.advanceWatermark('events', 20_000);
    await t.send('events', at(6_000, 10));
    expect(short(t.output('out'))).toEqual(['a [0,10) {n:1,v:1}', 'a [0,16) {n:2,v:11}']);
  });

  it('fire again at once where the watermark stands at their very last millisecond', async () => {
    const t = start({ allowedLateness: seconds(30) });
    await t.send('events', at(5_000, 1));
    await t.advanceWatermark('events', 14_999);
    await t.send('events', at(2_000, 10));
    expect(short(t.output('out'))).toEqual(['a [5,15) {n:1,v:1}', 'a [2,15) {n:2,v:11}']);
  });

  it('fire again as one when a late record joins two that have fired', async () => {
    const t = start({ allowedLateness: seconds(60) });
    await t.send('events', [at(0, 1), at(15_000, 10)]);
    await t.advanceWatermark('events', 30_000);
    await t.send('events', at(7_000, 100));
    expect(short(t.output('out'))).toEqual(['a [0,10) {n:1,v:1}', 'a [15,25) {n:1,v:10}', 'a [0,25) {n:3,v:111}']);
  });

  it('of one key that are due together all fire', async () => {
    const t = start();
    await t.send('events', [at(0, 1)]);
    await t.send('events', of('b', 5_000));
    await t.send('events', at(9_000, 10));
    await t.endInput();
    expect(short(t.output('out')).sort()).toEqual(['a [0,19) {n:2,v:11}', 'b [5,15) {n:1,v:0}']);
  });
});
