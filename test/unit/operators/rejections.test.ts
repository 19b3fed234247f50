import {
  type Aggregator,
  boundedOutOfOrderness,
  count,
  definePipeline,
  dynamoSink,
  kinesisSource,
  minutes,
  seconds,
  session,
  sum,
  tumbling,
} from 'millrace';
import { createPipelineTestDriver } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { anything, at, driverOf, type Event, events, of, short } from './fixtures.ts';

/** Throws for the value 13, and gives all others back. */
const unlucky = (event: Event): Event => {
  if (event.v === 13) throw new TypeError('unlucky');
  return event;
};

const bad = at(1, 13);

describe('a record for which user code throws', () => {
  it.each([
    ['a filter', 'check', (stream) => stream.filter('check', (event) => unlucky(event).at >= 0)],
    ['a map', 'check', (stream) => stream.map('check', unlucky)],
    ['a flatMap', 'check', (stream) => stream.flatMap('check', (event) => [unlucky(event)])],
  ] satisfies [string, string, (stream: Parameters<Parameters<typeof driverOf>[0]>[0]) => unknown][])(
    'in %s is quarantined, and the stream goes on',
    async (_, operator, apply) => {
      const t = driverOf((stream) => (apply(stream) as typeof stream).sink('out', anything()));
      await t.send('events', [at(0), bad, at(2)]);
      expect(t.output('out')).toEqual([at(0), at(2)]);
      expect(t.quarantine()).toEqual([
        { code: 'USER_CODE', operator, path: '', message: 'TypeError: unlucky', kind: 'record', payload: bad },
      ]);
    },
  );

  it('half-way through a generator leaves nothing of it', async () => {
    const t = driverOf((stream) =>
      stream
        .flatMap('twice', function* (event) {
          yield event;
          yield unlucky(event);
        })
        .sink('out', anything()),
    );
    await t.send('events', [at(0), bad]);
    expect(t.output('out')).toEqual([at(0), at(0)]);
    expect(t.quarantine()).toMatchObject([{ operator: 'twice' }]);
  });

  it('behind a sink that has taken it leaves nothing there', async () => {
    const t = driverOf((stream) => {
      stream.sink('first', anything());
      stream.map('check', unlucky).sink('second', anything());
    });
    await t.send('events', [at(0), bad]);
    expect(t.output('first')).toEqual([at(0)]);
    expect(t.output('second')).toEqual([at(0)]);
  });

  it.each([1, 10])('behind a hop that has combined it leaves nothing there, in batches of %i', async (batchSize) => {
    const t = driverOf(
      (stream) => {
        stream
          .keyBy('by-key', (event) => event.key)
          .window('minute', tumbling(minutes(1)))
          .aggregate('total', { n: count() })
          .sink('out', anything());
        stream.map('check', unlucky).sink('second', anything());
      },
      { batchSize },
    );
    await t.send('events', [at(0), bad, at(2), of('b', 3, 13)]);
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['a [0,60) {n:2}']);
  });

  it('in a key function is quarantined', async () => {
    const t = driverOf((stream) =>
      stream
        .keyBy('by-key', (event) => unlucky(event).key)
        .window('minute', tumbling(minutes(1)))
        .aggregate('total', { n: count() })
        .sink('out', anything()),
    );
    await t.send('events', [at(0), bad]);
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['a [0,60) {n:1}']);
    expect(t.quarantine()).toMatchObject([{ code: 'USER_CODE', operator: 'by-key', payload: bad }]);
  });

  it('in an aggregate is quarantined as the record that it was', async () => {
    const t = driverOf((stream) =>
      stream
        .keyBy('by-key', (event) => event.key)
        .window('minute', tumbling(minutes(1)))
        .aggregate('total', { n: count(), v: sum((event) => unlucky(event).v) })
        .sink('out', anything()),
    );
    await t.send('events', [at(0), bad]);
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['a [0,60) {n:1,v:0}']);
    expect(t.quarantine()).toMatchObject([{ operator: 'total', kind: 'record', payload: bad }]);
  });

  it('in an aggregate behind the hop is quarantined as a row', async () => {
    const t = driverOf((stream) => {
      const byKey = stream.keyBy('by-key', (event) => event.key);
      const minute = tumbling(minutes(1));
      byKey.window('one', minute).aggregate('counts', { n: count() }).sink('out', anything());
      byKey
        .window('two', minute)
        .aggregate('sums', { v: sum((event) => unlucky(event).v) })
        .sink('out-2', anything());
    });
    await t.send('events', [at(0), bad]);
    await t.endInput();
    // One row is one record: where one window cannot take it, no window has it.
    expect(short(t.output('out'))).toEqual(['a [0,60) {n:1}']);
    expect(short(t.output('out-2'))).toEqual(['a [0,60) {v:0}']);
    expect(t.quarantine()).toMatchObject([{ operator: 'sums', kind: 'row' }]);
  });

  it('does not move the watermark', async () => {
    const t = driverOf((stream) => stream.map('check', unlucky).sink('out', anything()));
    await t.send('events', at(600_000, 13));
    expect(t.watermarkMs('events')).toBe(Number.MIN_SAFE_INTEGER);
  });

  it('is not looked at again after a restart', async () => {
    let calls = 0;
    const t = driverOf((stream) =>
      stream
        .map('check', (event) => {
          calls++;
          return unlucky(event);
        })
        .sink('out', anything()),
    );
    await t.send('events', [bad, at(2)]);
    await t.restart();
    expect(calls).toBe(2);
    expect(t.quarantine()).toHaveLength(1);
  });
});

describe('a source’s own functions', () => {
  const sourceOf = (options: { refine?: (key: string) => boolean; eventTimeMs?: (at: number) => number }) =>
    createPipelineTestDriver(
      definePipeline('test', {}, (p) => {
        const schema = z.object({ key: z.string().refine(options.refine ?? (() => true)), at: z.number() });
        p.source(
          'events',
          kinesisSource({
            stream: 'events',
            schema,
            eventTimeMs: (event) => (options.eventTimeMs ?? ((value) => value))(event.at),
            watermarks: boundedOutOfOrderness(seconds(0)),
          }),
        ).sink('out', anything());
      }),
    );

  it('quarantine the record for which a refinement throws', async () => {
    const t = sourceOf({ refine: (key) => JSON.parse(key).ok });
    await t.sendRaw('events', '{"key":"no json","at":0}');
    await t.sendRaw('events', '{"key":"{\\"ok\\":true}","at":0}');
    expect(t.quarantine()).toMatchObject([{ code: 'USER_CODE', operator: 'events', kind: 'record' }]);
    expect(t.output('out')).toHaveLength(1);
  });

  it('are asked by send too, which says what they threw', async () => {
    const sending = sourceOf({ refine: (key) => JSON.parse(key).ok }).send('events', { key: 'no json', at: 0 });
    await expect(sending).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('SyntaxError'),
    });
  });

  it('have to be synchronous: what an async refinement sees is quarantined', async () => {
    const t = sourceOf({ refine: (async () => true) as never });
    await t.sendRaw('events', '{"key":"a","at":0}');
    expect(t.quarantine()).toMatchObject([{ code: 'USER_CODE', operator: 'events' }]);
  });

  it('quarantine the record for which the event time throws', async () => {
    const t = sourceOf({
      eventTimeMs: () => {
        throw new Error('no time');
      },
    });
    await t.send('events', { key: 'a', at: 0 });
    expect(t.quarantine()).toMatchObject([{ code: 'USER_CODE', message: 'Error: no time' }]);
  });

  it.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, undefined as never])(
    'quarantine the record whose event time is %s',
    async (time) => {
      const t = sourceOf({ eventTimeMs: () => time });
      await t.send('events', { key: 'a', at: 0 });
      expect(t.quarantine()).toMatchObject([{ code: 'EVENT_TIME', message: expect.stringContaining(String(time)) }]);
    },
  );
});

describe('a pane that cannot be fired', () => {
  const start = (result?: (value: number) => number) => {
    const odd: Aggregator<Event, number, number> = {
      kind: 'odd',
      create: () => 0,
      add: (total, event) => total + event.v,
      merge: (left, right) => left + right,
      result: result ?? ((total) => total),
    };
    return driverOf((stream) =>
      stream
        .keyBy('by-key', (event) => event.key)
        .window('minute', tumbling(minutes(1)), { allowedLateness: minutes(1) })
        .aggregate('total', { v: odd })
        .map('check', (pane) => {
          if (result === undefined && pane.value.v === 13) throw new Error('unlucky');
          return pane;
        })
        .sink('out', anything()),
    );
  };

  it('goes to quarantine with its accumulators, and the others fire', async () => {
    const t = start();
    await t.send('events', [of('a', 0, 6), of('b', 1, 1), of('a', 2, 7), of('c', 3, 2)]);
    await t.endInput();
    expect(short(t.output('out')).sort()).toEqual(['b [0,60) {v:1}', 'c [0,60) {v:2}']);
    expect(t.quarantine()).toMatchObject([
      { code: 'USER_CODE', operator: 'check', kind: 'pane', message: 'Error: unlucky', payload: ['a', 0, [13], 1] },
    ]);
  });

  it('is gone: a record that comes late begins it anew', async () => {
    const t = start();
    await t.send('events', of('a', 0, 13));
    await t.advanceWatermark('events', 60_000);
    await t.send('events', of('a', 1, 5));
    expect(short(t.output('out'))).toEqual(['a [0,60) {v:5}']);
  });

  it('is one whose aggregate cannot give its result', async () => {
    const t = start((total) => {
      if (total > 10) throw new RangeError('too much');
      return total;
    });
    await t.send('events', [of('a', 0, 11), of('b', 1, 1)]);
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['b [0,60) {v:1}']);
    expect(t.quarantine()).toMatchObject([{ operator: 'total', kind: 'pane', message: 'RangeError: too much' }]);
  });

  it('is quarantined once, also over restarts', async () => {
    const t = start();
    await t.send('events', of('a', 0, 13));
    await t.endInput();
    await t.restart();
    await t.send('events', of('a', 0, 13));
    expect(t.quarantine()).toHaveLength(1);
  });

  it('does not take the other sessions of its key with it', async () => {
    const t = driverOf((stream) =>
      stream
        .keyBy('by-key', (event) => event.key)
        .window('gap', session(seconds(10)), { allowedLateness: minutes(1) })
        .aggregate('total', { v: sum((event) => event.v) })
        .map('check', (pane) => {
          if (pane.value.v === 13) throw new Error('unlucky');
          return pane;
        })
        .sink('out', anything()),
    );
    await t.send('events', [at(0, 1), at(20_000, 13), at(40_000, 3)]);
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['a [0,10) {v:1}', 'a [40,50) {v:3}']);
    expect(t.quarantine()).toMatchObject([{ kind: 'pane', payload: ['a', [[20_000, 30_000, [13], 1]]] }]);
  });

  it('does not take the other sessions of its key with it when they are due at once', async () => {
    const pipeline = definePipeline('test', {}, (p) => {
      p.source('events', events())
        .union('all', p.source('others', events('others')))
        .keyBy('by-key', (event) => event.key)
        .window('gap', session(seconds(10)))
        .aggregate('total', { v: sum((event) => event.v) })
        .map('check', (pane) => {
          if (pane.value.v === 13) throw new Error('unlucky');
          return pane;
        })
        .sink('out', anything());
    });
    const t = createPipelineTestDriver(pipeline);
    await t.send('events', [at(0, 1), at(20_000, 13), at(40_000, 3)]);
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['a [0,10) {v:1}', 'a [40,50) {v:3}']);
    expect(t.quarantine()).toMatchObject([{ kind: 'pane', payload: ['a', [[20_000, 30_000, [13], 1]]] }]);
  });
});

describe('rows for a sink', () => {
  const Row = z.object({ id: z.string(), v: z.int().max(100) });
  const start = (streamKey?: 'id', keyOf: (event: Event) => string = (event) => String(event.key)) =>
    driverOf((stream) =>
      stream
        .keyBy('by-key', keyOf)
        .window('minute', tumbling(minutes(1)))
        .aggregate('total', { v: sum((event) => event.v) })
        .map('row', ({ key, value }) => ({ id: key.slice(1), v: value.v }))
        .sink('out', dynamoSink({ table: 'out', schema: Row, key: ['id'], ...(streamKey && { streamKey }) })),
    );

  it('that its schema refuses are quarantined with the path', async () => {
    const t = start();
    await t.send('events', [of('.a', 0, 101), of('.b', 1, 100)]);
    await t.endInput();
    expect(t.output('out')).toEqual([{ id: 'b', v: 100 }]);
    expect(t.quarantine()).toMatchObject([{ code: 'SINK_SCHEMA', operator: 'out', path: 'v', kind: 'pane' }]);
  });

  it('without a key are quarantined', async () => {
    const t = start();
    await t.send('events', of('.', 0));
    await t.endInput();
    expect(t.quarantine()).toMatchObject([{ code: 'SINK_KEY', operator: 'out', path: 'id' }]);
  });

  it.each([
    [2_048, 0],
    [2_049, 1],
  ])('with a key of %i bytes make %i rejects', async (bytes, rejects) => {
    const t = start();
    await t.send('events', of(`.${'é'.repeat(1_024)}${'x'.repeat(bytes - 2_048)}`, 0));
    await t.endInput();
    expect(t.output('out')).toHaveLength(1 - rejects);
    expect(t.quarantine().map(({ code }) => code)).toEqual(rejects === 0 ? [] : ['SINK_KEY']);
  });

  it('whose streamKey is not the stream’s key are quarantined', async () => {
    const t = start('id');
    await t.send('events', of('xa', 0));
    await t.endInput();
    expect(t.output('out')).toEqual([]);
    expect(t.quarantine()).toMatchObject([{ code: 'SINK_KEY', path: 'id', message: expect.stringContaining('"xa"') }]);
  });
});

it('keys that are neither text, finite number nor boolean are quarantined', async () => {
  const keys = new Map<number, unknown>([
    [1, Number.NaN],
    [2, undefined],
    [3, { a: 1 }],
    [4, null],
  ]);
  const t = driverOf((stream) =>
    stream
      .keyBy('by-key', (event) => (keys.has(event.v) ? keys.get(event.v) : 'fine') as string)
      .window('minute', tumbling(minutes(1)))
      .aggregate('total', { n: count() })
      .sink('out', anything()),
  );
  await t.send('events', [at(0, 1), at(1, 2), at(2, 3), at(3, 4), at(4, 5)]);
  await t.endInput();
  expect(t.quarantine().map(({ code, payload }) => [code, (payload as Event).v])).toEqual([
    ['KEY', 1],
    ['KEY', 2],
    ['KEY', 3],
    ['KEY', 4],
  ]);
  expect(short(t.output('out'))).toEqual(['fine [0,60) {n:1}']);
});

describe('too many rejects', () => {
  const start = () =>
    createPipelineTestDriver(
      definePipeline('test', { quarantine: { maxFraction: 0.25, minRecords: 4 } }, (p) =>
        p.source('events', events()).map('check', unlucky).sink('out', anything()),
      ),
    );

  it('stop the shard before the one too many is committed', async () => {
    const t = start();
    await t.send('events', [at(0), at(1), bad, at(3)]);
    await expect(t.send('events', bad)).rejects.toMatchObject({ code: 'TOO_MANY_REJECTED', kind: 'operator' });
    expect(t.quarantine()).toHaveLength(1);
    await expect(t.restart()).rejects.toMatchObject({ code: 'TOO_MANY_REJECTED' });
    expect(t.output('out')).toHaveLength(3);
  });

  it('among the first records are let through, and hold up no good record after them', async () => {
    const t = start();
    await t.send('events', [bad, bad, bad]);
    await t.send('events', [at(0), at(1)]);
    expect(t.output('out')).toHaveLength(2);
    await expect(t.send('events', bad)).rejects.toMatchObject({ code: 'TOO_MANY_REJECTED' });
  });
});
