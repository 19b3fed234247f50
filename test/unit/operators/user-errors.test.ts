import {
  type Aggregator,
  count,
  kinesisSink,
  minutes,
  RetryableError,
  type Stream,
  TerminalError,
  tumbling,
} from 'millrace';
import { createPipelineTestDriver } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { anything, at, type Event, pipelineOf, short } from './fixtures.ts';

/** What the function under test throws at value 13; nothing where undefined. */
type Fault = { error: Error | undefined };

type Define = (stream: Stream<Event>, check: (event: Event) => Event) => void;

const counting = (check: (event: Event) => Event): Aggregator<Event, number, number> => ({
  ...count(),
  add: (n, event) => {
    check(event);
    return n + 1;
  },
});

const places: [place: string, operator: string, define: Define][] = [
  ['a filter', 'check', (stream, check) => stream.filter('check', (e) => check(e).at >= 0).sink('out', anything())],
  ['a map', 'check', (stream, check) => stream.map('check', check).sink('out', anything())],
  ['a flatMap', 'check', (stream, check) => stream.flatMap('check', (e) => [check(e)]).sink('out', anything())],
  [
    'a key',
    'check',
    (stream, check) =>
      stream
        .keyBy('check', (e) => check(e).key)
        .window('minute', tumbling(minutes(1)))
        .aggregate('total', { n: count() })
        .sink('out', anything()),
  ],
  [
    'an aggregate',
    'total',
    (stream, check) =>
      stream
        .keyBy('by-key', (e) => e.key)
        .window('minute', tumbling(minutes(1)))
        .aggregate('total', { n: counting(check) })
        .sink('out', anything()),
  ],
  [
    'a partition key of a sink',
    'out',
    (stream, check) =>
      stream.sink(
        'out',
        kinesisSink({ stream: 'out', schema: z.unknown(), partitionKey: (e) => String(check(e as Event).at) }),
      ),
  ],
  [
    'a codec of a sink',
    'out',
    (stream, check) =>
      stream.sink(
        'out',
        kinesisSink({
          stream: 'out',
          schema: z.codec(z.unknown(), z.custom<Event>(), { decode: (e) => e as Event, encode: (e) => check(e) }),
          partitionKey: () => 'p',
        }),
      ),
  ],
];

const driverWith = (define: Define, fault: Fault) => {
  const check = (event: Event): Event => {
    if (event.v === 13 && fault.error !== undefined) throw fault.error;
    return event;
  };
  return createPipelineTestDriver(pipelineOf((stream) => define(stream, check), { quarantine: { maxFraction: 1 } }));
};

describe('a RetryableError', () => {
  it.each(places)('in %s stops the shard and quarantines nothing, until it passes', async (_, operator, define) => {
    const fault: Fault = { error: new RetryableError('not loaded yet') };
    const t = driverWith(define, fault);
    const refusal = { kind: 'retryable', code: 'USER_RETRYABLE', fields: { operator }, cause: fault.error };
    await expect(t.send('events', [at(0), at(1, 13), at(2)])).rejects.toMatchObject(refusal);
    await expect(t.restart()).rejects.toMatchObject(refusal);
    expect(t.output('out')).not.toContainEqual(at(1, 13));
    expect(t.output('out')).not.toContainEqual(at(2));
    expect(t.quarantine()).toEqual([]);
    fault.error = undefined;
    await t.endInput();
    const out = t.output<{ value?: { n: number } }>('out');
    expect(out[0]?.value?.n ?? out.length).toBe(3);
    expect(t.quarantine()).toEqual([]);
  });

  it('lets what comes before it in its batch through, and nothing after it', async () => {
    const fault: Fault = { error: new RetryableError('not yet') };
    const t = createPipelineTestDriver(
      pipelineOf((stream) =>
        stream
          .map('check', (event) => {
            if (event.v === 13 && fault.error !== undefined) throw fault.error;
            return event;
          })
          .sink('out', anything()),
      ),
      { batchSize: 10 },
    );
    await expect(t.send('events', [at(0), at(1), at(2, 13), at(3)])).rejects.toThrow('asks for a retry: not yet');
    expect(t.output('out')).toEqual([at(0), at(1)]);
    fault.error = undefined;
    await t.endInput();
    expect(t.output('out')).toEqual([at(0), at(1), at(2, 13), at(3)]);
  });

  it('behind a window leaves the pane to be fired by the next try', async () => {
    let ready = false;
    const t = createPipelineTestDriver(
      pipelineOf((stream) =>
        stream
          .keyBy('by-key', (e) => e.key)
          .window('minute', tumbling(minutes(1)))
          .aggregate('total', { n: count() })
          .map('row', (pane) => {
            if (!ready) throw new RetryableError('not yet');
            return pane;
          })
          .sink('out', anything()),
      ),
    );
    await t.send('events', [at(0), at(1)]);
    await expect(t.advanceWatermark('events', minutes(1))).rejects.toMatchObject({ code: 'USER_RETRYABLE' });
    await expect(t.send('events', at(60_001))).rejects.toMatchObject({ code: 'USER_RETRYABLE' });
    ready = true;
    await t.endInput();
    expect(short(t.output('out'))).toEqual(['a [0,60) {n:2}', 'a [60,120) {n:1}']);
  });

  it('made by another copy of the library is one too', async () => {
    const copy = Object.assign(new Error('elsewhere'), { [Symbol.for('millrace.user-error')]: 'retryable' });
    const t = driverWith((stream, check) => stream.map('check', check).sink('out', anything()), { error: copy });
    await expect(t.send('events', at(1, 13))).rejects.toMatchObject({ code: 'USER_RETRYABLE' });
  });
});

describe('a TerminalError', () => {
  it.each(places)('in %s quarantines the record under its own message', async (_, operator, define) => {
    const t = driverWith(define, { error: new TerminalError('no such currency') });
    await t.send('events', [at(0), at(1, 13), at(2)]);
    await t.endInput();
    const out = t.output<{ value?: { n: number } }>('out');
    expect(out[0]?.value?.n ?? out.length).toBe(2);
    expect(t.quarantine()).toMatchObject([{ code: 'TERMINAL', operator, message: 'no such currency' }]);
  });

  it('keeps its cause, and its name', () => {
    expect(new TerminalError('x', { cause: 1 })).toMatchObject({ name: 'TerminalError', message: 'x', cause: 1 });
    expect(new RetryableError('x', { cause: 1 })).toMatchObject({ name: 'RetryableError', message: 'x', cause: 1 });
  });
});
