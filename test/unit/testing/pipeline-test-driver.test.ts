import {
  boundedOutOfOrderness,
  count,
  definePipeline,
  dynamoSink,
  kinesisSink,
  kinesisSource,
  MillraceError,
  milliseconds,
  minutes,
  seconds,
  tumbling,
} from 'millrace';
import { createPipelineTestDriver, type PipelineTestDriverOptions } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

const Click = z.object({ page: z.string(), at: z.int(), user: z.object({ name: z.string() }).optional() });
const Row = z.object({ page: z.string(), minute: z.int(), clicks: z.int() });

const clicks = definePipeline('clicks', { quarantine: { minRecords: 3, maxFraction: 0.5 } }, (p) => {
  const all = p.source(
    'clicks',
    kinesisSource({
      stream: 'clicks',
      schema: Click,
      eventTimeMs: (click) => click.at,
      watermarks: boundedOutOfOrderness(seconds(5)),
    }),
  );
  all
    .keyBy('by-page', (click) => click.page)
    .window('minute', tumbling(minutes(1)))
    .aggregate('totals', { clicks: count() })
    .map('row', ({ key, window, value }) => ({ page: key, minute: window.startMs / 60_000, ...value }))
    .sink('table', dynamoSink({ table: 'clicks', schema: Row, key: ['page', 'minute'], streamKey: 'page' }));
  all.sink('copies', kinesisSink({ stream: 'copies', schema: Click, partitionKey: (click) => click.page }));
});

const start = (options: PipelineTestDriverOptions = {}) => createPipelineTestDriver(clicks, options);
const click = (page: string, at: number) => ({ page, at });

/** The error that an action ends with. */
const failureOf = async (action: Promise<unknown>): Promise<MillraceError> => {
  const error = await action.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(MillraceError);
  return error as MillraceError;
};

describe('sending', () => {
  it('shows what a window aggregated once the watermark has passed its end', async () => {
    const t = start();
    await t.send('clicks', click('a', 0));
    await t.advanceWatermark('clicks', minutes(1) - 2);
    expect(t.output('table')).toEqual([]);
    await t.advanceWatermark('clicks', minutes(1) - 1);
    expect(t.output('table')).toEqual([{ page: 'a', minute: 0, clicks: 1 }]);
  });

  it('sends an array as several records, in its order', async () => {
    const t = start();
    await t.send('clicks', [click('a', 0), click('b', 1), click('a', 2)]);
    expect(t.output('copies')).toEqual([click('a', 0), click('b', 1), click('a', 2)]);
  });

  it('refuses a record that the schema refuses, names the path and sends nothing', async () => {
    const t = start();
    const error = await failureOf(t.send('clicks', [click('a', 0), { page: 'b', at: 1, user: { name: 7 } }]));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toContain('user.name');
    expect(error.fix).toContain('sendRaw');
    await t.endInput();
    expect(t.output('copies')).toEqual([]);
    expect(t.quarantine()).toEqual([]);
  });

  it('refuses a record that is not JSON', async () => {
    const error = await failureOf(start().send('clicks', { page: 'a', at: 1, user: { name: new Date(0) } }));
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', fields: { source: 'clicks', path: 'user.name' } });
  });

  it('proposes the source that was meant', async () => {
    const error = await failureOf(start().send('click', click('a', 0)));
    expect(error).toMatchObject({ code: 'UNKNOWN_SOURCE', fix: "Did you mean 'clicks'?" });
    expect(error.message).toContain("'clicks'");
  });

  it('deals records out over the shards in turn, or to the one named', async () => {
    const t = start({ shards: 3 });
    await t.send('clicks', [click('a', 100_000), click('a', 200_000), click('a', 300_000)]);
    expect(t.watermarkMs('clicks')).toBe(100_000 - 5_001);
    await t.send('clicks', click('a', 400_000), { shard: 0 });
    expect(t.watermarkMs('clicks')).toBe(200_000 - 5_001);
    expect(await failureOf(t.send('clicks', click('a', 0), { shard: 3 }))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('sending raw bytes', () => {
  it('quarantines what is not JSON and goes on', async () => {
    const t = start();
    await t.sendRaw('clicks', '{"page":');
    await t.sendRaw('clicks', new Uint8Array([0xff, 0xfe]));
    await t.send('clicks', click('a', 0));
    await t.send('clicks', click('b', 0));
    expect(t.quarantine()).toMatchObject([
      { code: 'NOT_JSON', operator: 'clicks', kind: 'record', payload: '{"page":' },
      { code: 'NOT_JSON', operator: 'clicks' },
    ]);
    expect(t.output('copies')).toEqual([click('a', 0), click('b', 0)]);
  });

  it('quarantines what the schema refuses, with its path and the record', async () => {
    const t = start();
    await t.sendRaw('clicks', '{"page":"a","at":1,"user":{"name":null}}');
    expect(t.quarantine()).toMatchObject([
      { code: 'SCHEMA', path: 'user.name', payload: { page: 'a', at: 1, user: { name: null } } },
    ]);
  });

  it('throws what stops a shard, and tries the same record again at each further action', async () => {
    const t = start();
    await t.sendRaw('clicks', '1');
    await t.sendRaw('clicks', '2');
    expect(await failureOf(t.sendRaw('clicks', '3'))).toMatchObject({ code: 'TOO_MANY_REJECTED' });
    const again = await failureOf(t.send('clicks', click('a', 0)));
    expect(again).toMatchObject({ code: 'TOO_MANY_REJECTED' });
    expect(again.message).toContain('expected object');
    expect(t.quarantine().map(({ payload }) => payload)).toEqual([1, 2]);
    expect(t.output('copies')).toEqual([]);
  });
});

describe('time', () => {
  it('never moves a watermark back', async () => {
    const t = start();
    await t.advanceWatermark('clicks', minutes(2));
    await t.advanceWatermark('clicks', minutes(1));
    expect(t.watermarkMs('clicks')).toBe(minutes(2));
  });

  it('knows no watermark before the first record and the greatest after the end of input', async () => {
    const t = start();
    expect(t.watermarkMs('clicks')).toBe(Number.MIN_SAFE_INTEGER);
    await t.endInput();
    expect(t.watermarkMs('clicks')).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('moves the clock and not the watermark, unless the source lets idle shards advance', async () => {
    const t = start({ startMs: 1_000 });
    await t.send('clicks', click('a', 60_000));
    await t.advanceTime(minutes(60 * 24 * 400));
    expect(t.nowMs).toBe(1_000 + minutes(60 * 24 * 400));
    expect(t.watermarkMs('clicks')).toBe(60_000 - 5_001);
    await t.send('clicks', click('a', 61_000));
    expect(t.output('copies')).toHaveLength(2);
  });

  it('refuses watermarks and durations that are none', async () => {
    const t = start();
    expect(await failureOf(t.advanceWatermark('clicks', Number.NaN))).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await failureOf(t.advanceTime(milliseconds(-1)))).toMatchObject({ code: 'INVALID_DURATION' });
  });
});

describe('looking', () => {
  it('gives the rows of a table in the order of their keys', async () => {
    const t = start();
    await t.send('clicks', [click('b', 120_000), click('b', 600_000), click('a', 600_000)]);
    await t.endInput();
    expect(t.output<{ page: string; minute: number }>('table').map(({ page, minute }) => [page, minute])).toEqual([
      ['a', 10],
      ['b', 2],
      ['b', 10],
    ]);
  });

  it('gives copies that a test may change', async () => {
    const t = start();
    await t.send('clicks', click('a', 0));
    t.output<{ page: string }>('copies')[0]!.page = 'changed';
    expect(t.output('copies')).toEqual([click('a', 0)]);
  });

  it('proposes the sink that was meant', () => {
    expect(() => start().output('tabel')).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_OPERATOR', fix: "Did you mean 'table'?" }),
    );
  });

  it('asks for an await that was forgotten', async () => {
    const t = start();
    const sending = t.send('clicks', click('a', 0));
    expect(() => t.output('copies')).toThrow(/await/);
    await sending;
    expect(t.output('copies')).toHaveLength(1);
  });
});

describe('actions', () => {
  it('come one after the other although nobody waited', async () => {
    const t = start();
    await Promise.all([t.send('clicks', click('a', 0)), t.send('clicks', click('a', 1)), t.endInput(), t.restart()]);
    expect(t.output('table')).toEqual([{ page: 'a', minute: 0, clicks: 2 }]);
  });

  it('go on after one that was refused', async () => {
    const t = start();
    await failureOf(t.send('clicks', {}));
    await t.send('clicks', click('a', 0));
    expect(t.output('copies')).toHaveLength(1);
  });

  it('keep state and outputs over restarts, record by record', async () => {
    const t = start({ shards: 2 });
    for (let i = 0; i < 10; i++) {
      await t.send('clicks', click('a', i));
      await t.restart();
    }
    await t.endInput();
    await t.restart();
    expect(t.output('table')).toEqual([{ page: 'a', minute: 0, clicks: 10 }]);
    expect(t.output('copies')).toHaveLength(10);
  });

  it('are the same in every run of one seed', async () => {
    const run = async () => {
      const t = start({ shards: 3, batchSize: 2, seed: 5 });
      await t.send(
        'clicks',
        Array.from({ length: 20 }, (_, i) => click(`page-${i % 7}`, i * 7_000)),
      );
      await t.endInput();
      return [t.output('copies'), t.output('table')];
    };
    expect(await run()).toEqual(await run());
  });
});

it('refuses options that it does not know', () => {
  expect(() => createPipelineTestDriver(clicks, { shard: 2 } as never)).toThrow(/no option 'shard'/);
  expect(() => createPipelineTestDriver(clicks, { shards: 0 })).toThrow(/shards/);
});
