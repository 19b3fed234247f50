import { count, definePipeline, type IdleShards, minutes, seconds, tumbling } from 'millrace';
import { createPipelineTestDriver } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { anything, at, driverOf, events, of, short } from './fixtures.ts';

const both = definePipeline('both', {}, (p) => {
  const left = p.source('left', events('left-stream'));
  const right = p.source('right', events('right-stream'));
  left
    .union('all', right)
    .keyBy('by-key', (event) => event.key)
    .window('minute', tumbling(minutes(1)))
    .aggregate('total', { n: count() })
    .sink('out', anything());
});

describe('a union of two sources', () => {
  it('holds the records of both', async () => {
    const t = createPipelineTestDriver(both);
    await t.send('left', [at(0), of('b', 1)]);
    await t.send('right', at(2));
    await t.endInput();
    expect(short(t.output('out')).sort()).toEqual(['a [0,60) {n:2}', 'b [0,60) {n:1}']);
  });

  it('waits for the slower one', async () => {
    const t = createPipelineTestDriver(both);
    await t.send('left', [at(0), at(600_000)]);
    expect(t.output('out')).toEqual([]);
    await t.send('right', at(30_000));
    expect(t.output('out')).toEqual([]);
    await t.advanceWatermark('right', minutes(1));
    expect(short(t.output('out'))).toEqual(['a [0,60) {n:2}']);
  });

  it('goes on where both were after a restart', async () => {
    const t = createPipelineTestDriver(both);
    await t.send('left', [at(0), at(600_000)]);
    await t.restart();
    await t.send('right', at(30_000));
    await t.restart();
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['a [0,60) {n:2}', 'a [600,660) {n:1}']);
  });

  it('may feed a sink without a key', async () => {
    const pipeline = definePipeline('both', {}, (p) => {
      const left = p.source('left', events('left-stream'));
      left.union('all', p.source('right', events('right-stream'))).sink('out', anything());
    });
    const t = createPipelineTestDriver(pipeline);
    await t.send('right', at(1));
    await t.send('left', at(2));
    expect(t.output('out')).toEqual([at(1), at(2)]);
  });
});

describe('the shards of a source', () => {
  it('hold the watermark back until each was heard of', async () => {
    const t = driverOf(
      (stream) =>
        stream
          .keyBy('by-key', (event) => event.key)
          .window('minute', tumbling(minutes(1)))
          .aggregate('total', { n: count() })
          .sink('out', anything()),
      { shards: 2 },
    );
    await t.send('events', [at(0), at(600_000)], { shard: 0 });
    expect(t.output('out')).toEqual([]);
    await t.send('events', at(600_000), { shard: 1 });
    expect(short(t.output('out'))).toEqual(['a [0,60) {n:1}']);
  });
});

const withIdle = (idle: IdleShards) => {
  const pipeline = definePipeline('idle', {}, (p) => {
    const windows = p
      .source('events', events('events', idle))
      .keyBy('by-key', (event) => event.key)
      .window('minute', tumbling(minutes(1)));
    windows.aggregate('total', { n: count() }).sink('out', anything());
    windows.late.sink('late', anything());
  });
  return createPipelineTestDriver(pipeline, { shards: 2 });
};

describe('an idle shard that advances', () => {
  it('follows the clock at its distance', async () => {
    const t = withIdle({ after: seconds(30), action: 'advance' });
    await t.send('events', at(10_000), { shard: 0 });
    await t.advanceTime(seconds(80));
    expect(t.watermarkMs('events')).toBe(80_000 - 30_000 - 1);
    expect(t.output('out')).toEqual([]);
    await t.advanceTime(seconds(10));
    expect(short(t.output('out'))).toEqual(['a [0,60) {n:1}']);
  });

  it('holds the others back until it has been idle for long enough', async () => {
    const t = withIdle({ after: seconds(30), action: 'advance' });
    await t.send('events', at(0), { shard: 1 });
    await t.advanceTime(seconds(29));
    await t.send('events', at(600_000), { shard: 0 });
    expect(t.output('out')).toEqual([]);
  });
});

describe('an idle shard that is excluded', () => {
  const idle: IdleShards = { after: seconds(30), action: 'exclude' };

  it('does not hold the others back', async () => {
    const t = withIdle(idle);
    await t.send('events', [at(0)], { shard: 0 });
    await t.advanceTime(seconds(30));
    await t.send('events', at(600_000), { shard: 0 });
    expect(short(t.output('out'))).toEqual(['a [0,60) {n:1}']);
  });

  it('may bring late records when it comes back, and holds the others back again', async () => {
    const t = withIdle(idle);
    await t.advanceTime(seconds(30));
    await t.send('events', at(600_000), { shard: 0 });
    await t.send('events', at(5, 7), { shard: 1 });
    expect(t.output('late')).toEqual([at(5, 7)]);
    await t.send('events', at(1_200_000), { shard: 0 });
    expect(t.output('out')).toEqual([]);
    await t.send('events', at(1_200_000), { shard: 1 });
    expect(short(t.output('out'))).toEqual(['a [600,660) {n:1}']);
  });

  it('stays excluded over a restart', async () => {
    const t = withIdle(idle);
    await t.send('events', at(0), { shard: 0 });
    await t.advanceTime(seconds(30));
    await t.restart();
    await t.send('events', at(600_000), { shard: 0 });
    expect(short(t.output('out'))).toEqual(['a [0,60) {n:1}']);
  });

  it('does not fire everything when all shards are', async () => {
    const t = withIdle(idle);
    await t.send('events', at(0), { shard: 0 });
    await t.advanceTime(seconds(60));
    await t.advanceTime(seconds(60));
    expect(t.output('out')).toEqual([]);
  });
});

describe('event times', () => {
  const start = () =>
    driverOf((stream) =>
      stream
        .keyBy('by-key', (event) => event.key)
        .window('minute', tumbling(minutes(1)))
        .aggregate('total', { n: count() })
        .sink('out', anything()),
    );

  it('may be before 1970', async () => {
    const t = start();
    await t.send('events', [at(-60_001), at(-1), at(0)]);
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['a [-120,-60) {n:1}', 'a [-60,0) {n:1}', 'a [0,60) {n:1}']);
  });

  it.each([8_640_000_000_000_000, -8_640_000_000_000_000])('may be as far away as a Date can be: %i', async (far) => {
    const t = start();
    await t.send('events', at(far));
    await t.endInput();
    expect(t.output('out')).toMatchObject([{ window: { startMs: far }, value: { n: 1 } }]);
  });

  it.each([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 8_640_000_000_000_001])(
    'are rejected past that, since no window could be made of %i',
    async (tooFar) => {
      const t = start();
      await t.send('events', at(tooFar));
      await t.send('events', at(0));
      await t.endInput();
      expect(t.quarantine()).toMatchObject([{ code: 'EVENT_TIME', operator: 'events', payload: { at: tooFar } }]);
      expect(short(t.output('out'))).toEqual(['a [0,60) {n:1}']);
    },
  );
});
