import {
  boundedOutOfOrderness,
  count,
  definePipeline,
  dynamoSink,
  kinesisSink,
  kinesisSource,
  max,
  maxBy,
  minutes,
  seconds,
  sum,
  tumbling,
} from 'millrace';
import { createPipelineTestDriver } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { anything, at, driverOf, of, short } from './fixtures.ts';

/** An ISO text outside, a Date inside. */
const IsoDate = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
});

const Visit = z.object({ page: z.string(), at: IsoDate });
const minute = tumbling(minutes(1));
const iso = (atMs: number) => new Date(atMs).toISOString();

describe('a source schema with codecs', () => {
  const start = () =>
    createPipelineTestDriver(
      definePipeline('visits', {}, (p) => {
        const visits = p.source(
          'visits',
          kinesisSource({
            stream: 'visits',
            schema: Visit,
            eventTimeMs: (visit) => visit.at.getTime(),
            watermarks: boundedOutOfOrderness(seconds(0)),
          }),
        );
        const byPage = visits.keyBy('by-page', (visit) => visit.page);
        // Two windows over one key: nothing is combined, so the records themselves cross.
        const windows = byPage.window('minute', minute);
        windows.aggregate('last', { lastMs: max((visit) => visit.at.getTime()) }).sink('out', anything());
        byPage.window('other', minute).aggregate('n', { n: count() }).sink('other-out', anything());
        windows.late.sink('late', kinesisSink({ stream: 'late', schema: Visit, partitionKey: (visit) => visit.page }));
      }),
    );

  it('gives the decoded value to functions on both sides of a hop', async () => {
    const t = start();
    await t.send('visits', [
      { page: 'a', at: iso(1_000) },
      { page: 'a', at: iso(2_000) },
    ]);
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['a [0,60) {lastMs:2000}']);
  });

  it('encodes again what goes to a sink', async () => {
    const t = start();
    await t.advanceWatermark('visits', minutes(2));
    await t.send('visits', { page: 'a', at: iso(1_000) });
    expect(t.output('late')).toEqual([{ page: 'a', at: iso(1_000) }]);
  });

  it('is given the input side by producers, and refuses the other', async () => {
    const t = start();
    await expect(t.send('visits', { page: 'a', at: new Date(0) })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      fields: { path: 'at' },
    });
  });
});

describe('values that JSON would change', () => {
  it('are quarantined where they cross a hop without a schema', async () => {
    const t = driverOf((stream) => {
      const byKey = stream
        .map('dated', (event) => ({ ...event, deep: [{ at: new Date(event.at) }] }))
        .keyBy('by-key', (event) => event.key);
      byKey.window('one', minute).aggregate('a', { n: count() }).sink('out', anything());
      byKey.window('two', minute).aggregate('b', { n: count() }).sink('out-2', anything());
    });
    await t.send('events', at(5));
    await t.endInput();
    expect(t.output('out')).toEqual([]);
    expect(t.quarantine()).toMatchObject([
      { code: 'NOT_PLAIN_JSON', operator: 'by-key', path: 'deep[0].at', payload: at(5) },
    ]);
  });

  it('cross with the schema of their map', async () => {
    const t = driverOf((stream) => {
      const byKey = stream
        .map('dated', (event) => ({ page: String(event.key), at: new Date(event.at) }), { schema: Visit })
        .keyBy('by-key', (visit) => visit.page);
      byKey
        .window('one', minute)
        .aggregate('a', { lastMs: max((visit) => visit.at.getTime()) })
        .sink('out', anything());
      byKey.window('two', minute).aggregate('b', { n: count() }).sink('out-2', anything());
    });
    await t.send('events', at(7));
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['a [0,60) {lastMs:7}']);
  });

  it('that the schema of a map cannot write are quarantined', async () => {
    const t = driverOf((stream) => {
      const byKey = stream
        .map('dated', (event) => ({ page: String(event.key), at: new Date(event.v) }), { schema: Visit })
        .keyBy('by-key', (visit) => visit.page);
      byKey.window('one', minute).aggregate('a', { n: count() }).sink('out', anything());
      byKey.window('two', minute).aggregate('b', { n: count() }).sink('out-2', anything());
    });
    await t.send('events', at(7, 9e15));
    expect(t.quarantine()).toMatchObject([{ code: 'SCHEMA', operator: 'by-key' }]);
  });

  it('that cannot be read again behind the hop are quarantined there', async () => {
    const OneWay = z.object({
      key: z.codec(z.string(), z.string(), {
        decode: () => {
          throw new Error('cannot read');
        },
        encode: (text) => text,
      }),
    });
    const t = driverOf((stream) => {
      const byKey = stream
        .map('one-way', (event) => ({ key: String(event.key) }), { schema: OneWay })
        .keyBy('by-key', (value) => value.key);
      byKey.window('one', minute).aggregate('a', { n: count() }).sink('out', anything());
      byKey.window('two', minute).aggregate('b', { n: count() }).sink('out-2', anything());
    });
    await t.send('events', at(7));
    await t.endInput();
    expect(t.quarantine()).toMatchObject([
      { operator: 'by-key', kind: 'row', message: expect.stringContaining('cannot read') },
    ]);
  });

  it('may be aggregated before the hop: then they do not cross', async () => {
    const t = driverOf((stream) =>
      stream
        .map('dated', (event) => ({ key: event.key, at: new Date(event.at) }))
        .keyBy('by-key', (event) => event.key)
        .window('one', minute)
        .aggregate('last', { lastMs: max((event) => event.at.getTime()) })
        .sink('out', anything()),
    );
    await t.send('events', at(7));
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['a [0,60) {lastMs:7}']);
  });

  it('are quarantined where an aggregate would keep them', async () => {
    const t = driverOf((stream) =>
      stream
        .map('dated', (event) => ({ key: event.key, at: new Date(event.at) }))
        .keyBy('by-key', (event) => event.key)
        .window('one', minute)
        .aggregate('newest', { newest: maxBy((event) => event.at.getTime()) })
        .sink('out', anything()),
    );
    await t.send('events', at(7));
    await t.endInput();
    expect(t.output('out')).toEqual([]);
    expect(t.quarantine()).toMatchObject([{ code: 'NOT_PLAIN_JSON', operator: 'newest' }]);
  });

  it('are quarantined at a sink without a schema for them', async () => {
    const t = driverOf((stream) => stream.map('dated', (event) => new Date(event.at)).sink('out', anything()));
    await t.send('events', at(7));
    expect(t.quarantine()).toMatchObject([{ code: 'NOT_PLAIN_JSON', operator: 'out' }]);
  });
});

describe('keys', () => {
  it('of different types are different keys', async () => {
    const t = driverOf((stream) =>
      stream
        .keyBy('by-key', (event) => event.key)
        .window('minute', minute)
        .aggregate('total', { v: sum((event) => event.v) })
        .map('typed', ({ key, value }) => ({ key, v: value.v }))
        .sink('out', anything()),
    );
    await t.send('events', [of(1, 0, 1), of('1', 1, 10), of(true, 2, 100), of('true', 3, 1_000), of(1, 4, 1)]);
    await t.endInput();
    expect(t.output<{ v: number }>('out').sort((a, b) => a.v - b.v)).toEqual([
      { key: 1, v: 2 },
      { key: '1', v: 10 },
      { key: true, v: 100 },
      { key: 'true', v: 1_000 },
    ]);
  });

  it('minus zero and zero are one key', async () => {
    const t = driverOf((stream) =>
      stream
        .keyBy('by-v', (event) => event.v)
        .window('minute', minute)
        .aggregate('total', { n: count() })
        .sink('out', anything()),
    );
    await t.send('events', [at(0, 0), at(1, -0)]);
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['0 [0,60) {n:2}']);
  });

  it('may hold any text', async () => {
    const odd = ['', '|', '0|"a"', 'a\u0000b', '"', 'é'.normalize('NFD'), 'é'.normalize('NFC'), '__proto__', '🙂'];
    const t = driverOf((stream) =>
      stream
        .keyBy('by-key', (event) => event.key)
        .window('minute', minute)
        .aggregate('total', { n: count() })
        .map('key', ({ key, value }) => [key, value.n])
        .sink('out', anything()),
    );
    await t.send(
      'events',
      odd.map((key, i) => of(key, i)),
    );
    await t.restart();
    await t.send(
      'events',
      odd.map((key, i) => of(key, odd.length + i)),
    );
    await t.endInput();
    expect(new Map(t.output<[string, number]>('out'))).toEqual(new Map(odd.map((key) => [key, 2])));
  });
});

describe('flatMap', () => {
  it('may give nothing for a record, and the watermark moves on', async () => {
    const t = driverOf((stream) => stream.flatMap('none', () => []).sink('out', anything()));
    await t.send('events', at(1_000));
    expect(t.output('out')).toEqual([]);
    expect(t.quarantine()).toEqual([]);
    expect(t.watermarkMs('events')).toBe(999);
  });

  it('gives its records in their order', async () => {
    const t = driverOf((stream) => stream.flatMap('three', ({ v }) => [v, v + 1, v + 2]).sink('out', anything()));
    await t.send('events', [at(0, 0), at(0, 10)]);
    expect(t.output('out')).toEqual([0, 1, 2, 10, 11, 12]);
  });
});

describe('sinks', () => {
  const Latest = z.object({ id: z.string(), v: z.number() });

  it('of one stream all get every record', async () => {
    const t = driverOf((stream) => {
      stream.sink('first', anything('one'));
      stream.sink('second', anything('two'));
      stream.filter('big', (event) => event.v > 5).sink('third', anything('three'));
    });
    await t.send('events', [at(0, 1), at(1, 9)]);
    expect(t.output('first')).toEqual([at(0, 1), at(1, 9)]);
    expect(t.output('second')).toEqual(t.output('first'));
    expect(t.output('third')).toEqual([at(1, 9)]);
  });

  it('that are tables keep the last record of each row key, wherever it was computed', async () => {
    const pipeline = definePipeline('latest', {}, (p) => {
      const source = kinesisSource({
        stream: 'events',
        schema: Latest,
        eventTimeMs: () => 0,
        watermarks: boundedOutOfOrderness(seconds(0)),
      });
      p.source('events', source).sink('table', dynamoSink({ table: 'latest', schema: Latest, key: ['id'] }));
    });
    for (const shards of [1, 3]) {
      const t = createPipelineTestDriver(pipeline, { shards, batchSize: 4 });
      const all = Array.from({ length: 40 }, (_, i) => ({ id: `row-${i % 3}`, v: i }));
      for (let i = 0; i < all.length; i += 5) {
        await t.send('events', all.slice(i, i + 5), { shard: i % shards });
        if (i === 20) await t.restart();
      }
      expect(t.output('table')).toEqual([
        { id: 'row-0', v: 39 },
        { id: 'row-1', v: 37 },
        { id: 'row-2', v: 38 },
      ]);
    }
  });

  it('that are tables hold rows of windows whose keys are not the row’s', async () => {
    const t = driverOf(
      (stream) =>
        stream
          .keyBy('by-key', (event) => event.key)
          .window('minute', minute)
          .aggregate('total', { v: sum((event) => event.v) })
          .map('row', ({ window, value }) => ({ id: `at ${window.startMs}`, v: value.v }))
          .sink('table', dynamoSink({ table: 'latest', schema: Latest, key: ['id'] })),
      { shards: 2 },
    );
    await t.send('events', [of('a', 0, 1), of('b', 1, 1), of('c', 2, 1), of('d', 60_000, 5)]);
    await t.endInput();
    expect(t.output('table')).toEqual([
      { id: 'at 0', v: 1 },
      { id: 'at 60000', v: 5 },
    ]);
  });

  it('that are streams refuse records whose partition key cannot be one', async () => {
    const t = driverOf((stream) =>
      stream.sink('out', kinesisSink({ stream: 'out', schema: z.unknown(), partitionKey: () => '' })),
    );
    await t.send('events', at(0));
    expect(t.quarantine()).toMatchObject([{ operator: 'out' }]);
    expect(t.output('out')).toEqual([]);
  });
});
