import {
  type Aggregator,
  avg,
  boundedOutOfOrderness,
  count,
  definePipeline,
  dynamoSink,
  type ElementOf,
  httpSink,
  kinesisSink,
  kinesisSource,
  max,
  maxBy,
  min,
  minBy,
  minutes,
  type PipelineScope,
  type Sink,
  type Stream,
  s3Sink,
  seconds,
  session,
  sliding,
  sqsSink,
  sum,
  tumbling,
  type Windowed,
} from 'millrace';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

/** What the compiler infers and refuses. `npm test` checks this file with tsc; running it proves that the accepted parts also work. */

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only if the stream's records are exactly of type `T`. */
const isStreamOf =
  <T>() =>
  <S>(stream: Stream<S>, ..._proof: Equals<S, T> extends true ? [] : [expected: T, found: S]) =>
    stream;

const Order = z.object({ id: z.string(), province: z.string(), amount: z.number(), at: z.number(), gift: z.boolean() });
type Order = z.output<typeof Order>;

const orders = kinesisSource({
  stream: 'orders',
  schema: Order,
  eventTimeMs: (order) => order.at,
  watermarks: boundedOutOfOrderness(seconds(5)),
});

/** For branches whose types alone matter. */
const drain: Sink<unknown> = kinesisSink({
  stream: 'any',
  schema: z.unknown(),
  partitionKey: () => '',
  idField: undefined,
});

const define = (body: (p: PipelineScope) => void) => definePipeline('types', {}, body);

/** For definitions that the compiler refuses: they are never run. */
const refused = (_body: (p: PipelineScope) => void): void => undefined;

describe('a stream', () => {
  it('has the type of its source’s schema, and of what operators make of it', () => {
    define((p) => {
      const all = isStreamOf<Order>()(p.source('orders', orders));
      isStreamOf<Order>()(all.filter('f', (order) => order.amount > 0)).sink('a', drain);
      isStreamOf<string>()(all.map('m', (order) => order.id)).sink('b', drain);
      isStreamOf<number>()(all.flatMap('fm', (order) => [order.amount])).sink('c', drain);
      isStreamOf<string>()(all.flatMap('letters', (order) => order.id)).sink('d', drain);
    });
    const _element: Equals<ElementOf<Stream<Order>>, Order> = true;
    expect(_element).toBe(true);
  });

  it('is narrowed by a type predicate, written or inferred', () => {
    const Shape = z.union([z.object({ circle: z.number() }), z.object({ square: z.number() })]);
    const shapes = kinesisSource({
      stream: 's',
      schema: Shape,
      eventTimeMs: () => 0,
      watermarks: boundedOutOfOrderness(seconds(0)),
    });
    define((p) => {
      const all = p.source('shapes', shapes);
      isStreamOf<{ circle: number }>()(all.filter('inferred', (shape) => 'circle' in shape)).sink('a', drain);
      const isSquare = (shape: z.output<typeof Shape>): shape is { square: number } => 'square' in shape;
      isStreamOf<{ square: number }>()(all.filter('written', isSquare)).sink('b', drain);
    });
    expect(Shape.options).toHaveLength(2);
  });

  it('takes the type of the schema that map and flatMap are given', () => {
    const Small = z.object({ size: z.enum(['s', 'm']) });
    const Lists = z.object({ tags: z.array(z.string()), pair: z.tuple([z.string(), z.int()]) });
    define((p) => {
      const all = p.source('orders', orders);
      isStreamOf<{ size: 's' | 'm' }>()(all.map('m', () => ({ size: 's' }), { schema: Small })).sink('a', drain);
      isStreamOf<{ size: 's' | 'm' }>()(all.flatMap('fm', () => [{ size: 'm' }], { schema: Small })).sink('b', drain);
    });
    define((p) => {
      const all = p.source('orders', orders);
      const lists = all.map('m', (order) => ({ tags: [order.id], pair: ['a', 1] }), { schema: Lists });
      isStreamOf<z.output<typeof Lists>>()(lists).sink('a', drain);
      isStreamOf<unknown>()(all.map('any', (order) => order, { schema: z.unknown() })).sink('b', drain);
    });
    refused((p) => {
      // @ts-expect-error no such size
      p.source('orders', orders).map('m', () => ({ size: 'xxl' }), { schema: Small });
      // @ts-expect-error no such size
      p.source('orders', orders).flatMap('m', () => [{ size: 'xxl' }], { schema: Small });
      // @ts-expect-error nothing to iterate over
      p.source('orders', orders).flatMap('m', () => 5);
      // @ts-expect-error an order has no colour
      p.source('orders', orders).map('m', (order) => order.colour);
      // @ts-expect-error a predicate is a boolean
      p.source('orders', orders).filter('f', (order) => order.id);
      // @ts-expect-error the id comes first
      p.source('orders', orders).map((order: Order) => order.id);
    });
    expect(Small.shape).toHaveProperty('size');
  });

  it('is of all the types of a union', () => {
    define((p) => {
      const all = p.source('orders', orders);
      const ids = all.map('ids', (order) => order.id);
      const amounts = all.map('amounts', (order) => order.amount);
      const gifts = all.map('gifts', (order) => order.gift);
      isStreamOf<string | number | boolean>()(ids.union('u', amounts, gifts)).sink('s', drain);
    });
    refused((p) => {
      // @ts-expect-error a union with nothing
      p.source('orders', orders).union('u');
    });
    expect(define).toBeDefined();
  });

  it('may stand where a stream of a wider type is expected', () => {
    const narrow = (stream: Stream<Order>): Stream<{ id: string }> => stream;
    // @ts-expect-error not the other way round
    const widen = (stream: Stream<{ id: string }>): Stream<Order> => stream;
    expect([narrow, widen]).toHaveLength(2);
  });
});

describe('keys and windows', () => {
  it('carry the type of the key into what windows emit', () => {
    define((p) => {
      const all = p.source('orders', orders);
      const byText = all.keyBy('text', (order) => order.province).window('w1', tumbling(minutes(1)));
      isStreamOf<Windowed<string, { n: number }>>()(byText.aggregate('a1', { n: count() })).sink('s1', drain);
      isStreamOf<Order>()(byText.late).sink('late', drain);
      const byFlag = all.keyBy('flag', (order) => order.gift).window('w2', sliding(minutes(2), minutes(1)));
      isStreamOf<Windowed<boolean, { n: number }>>()(byFlag.aggregate('a2', { n: count() })).sink('s2', drain);
      const byNumber = all
        .keyBy('number', (order) => order.at)
        .window('w3', session(minutes(2)), { allowedLateness: minutes(1) });
      isStreamOf<Windowed<number, { n: number }>>()(byNumber.aggregate('a3', { n: count() })).sink('s3', drain);
    });
    expect(define).toBeDefined();
  });

  it('are refused where they make no sense', () => {
    refused((p) => {
      const all = p.source('orders', orders);
      // @ts-expect-error a stream without keys has no windows
      all.window('w', tumbling(minutes(1)));
      // @ts-expect-error nor aggregates
      all.aggregate('a', { n: count() });
      // @ts-expect-error an object is no key
      all.keyBy('k', (order) => ({ province: order.province }));
      // @ts-expect-error a key may not be missing
      all.keyBy('k', (order) => (order.gift ? order.id : undefined));
      // @ts-expect-error a Date is no key
      all.keyBy('k', () => new Date(0));
      const keyed = all.keyBy('k', (order) => order.id);
      // @ts-expect-error a keyed stream goes into a window first
      keyed.sink('s', drain);
      // @ts-expect-error a duration is no window
      keyed.window('w', minutes(1));
      // @ts-expect-error a plain number is no duration
      keyed.window('w', tumbling(60_000));
      // @ts-expect-error a plain number is no duration
      keyed.window('w', tumbling(minutes(1)), { allowedLateness: 5 });
      // @ts-expect-error there is no such option
      keyed.window('w', tumbling(minutes(1)), { lateness: minutes(1) });
      // @ts-expect-error a window is aggregated first
      keyed.window('w', tumbling(minutes(1))).map('m', () => 1);
    });
    expect(refused).toBeDefined();
  });
});

describe('aggregates', () => {
  it('know the records of their stream and name the fields of the result', () => {
    const longest: Aggregator<{ readonly id: string }, string, number> = {
      create: () => '',
      add: (acc, { id }) => (id.length > acc.length ? id : acc),
      merge: (a, b) => (b.length > a.length ? b : a),
      result: (acc) => acc.length,
    };
    type Expected = Windowed<
      string,
      {
        a: number;
        b: number;
        c: number;
        d: number;
        e: number;
        f: Order;
        g: readonly Order[];
        h: Order;
        i: readonly Order[];
        j: number;
      }
    >;
    define((p) => {
      const perMinute = p
        .source('orders', orders)
        .keyBy('k', (order) => order.province)
        .window('w', tumbling(minutes(1)));
      const totals = perMinute.aggregate('t', {
        a: sum((order) => order.amount),
        b: count(),
        c: min((order) => order.amount),
        d: max((order) => order.amount),
        e: avg((order) => order.amount),
        f: maxBy((order) => order.amount),
        g: maxBy((order) => order.amount, { ties: 'all' }),
        h: minBy((order) => order.amount, { ties: 'first' }),
        i: minBy((order) => order.amount, { ties: 'all' }),
        j: longest,
      });
      isStreamOf<Expected>()(totals).sink('s', drain);
    });
    expect(longest.create()).toBe('');
  });

  it('are refused when they are of other records or results', () => {
    refused((p) => {
      const perMinute = p
        .source('orders', orders)
        .keyBy('k', (order) => order.province)
        .window('w', tumbling(minutes(1)));
      // @ts-expect-error an order has no price
      perMinute.aggregate('a', { price: sum((order) => order.price) });
      // @ts-expect-error a text cannot be added up
      perMinute.aggregate('a', { id: sum((order) => order.id) });
      // @ts-expect-error a function is no aggregate
      perMinute.aggregate('a', { n: count });
      // @ts-expect-error not an aggregate of orders
      perMinute.aggregate('a', { n: sum((n: number) => n) });
      // @ts-expect-error ties are 'first' or 'all'
      perMinute.aggregate('a', { n: maxBy((order) => order.amount, { ties: 'none' }) });
    });
    expect(refused).toBeDefined();
  });
});

describe('connectors', () => {
  const Row = z.object({ province: z.string(), minute: z.number(), note: z.string().optional(), gift: z.boolean() });

  it('accept records of their schema', () => {
    const sink: Sink<z.output<typeof Row>> = dynamoSink({
      table: 't',
      schema: Row,
      key: ['province', 'minute'],
      streamKey: 'province',
    });
    expect(sink.spec.kind).toBe('dynamo');
  });

  it('work on values as they are read, and keys as they are written', () => {
    const at = z.codec(z.iso.datetime(), z.date(), {
      decode: (text) => new Date(text),
      encode: (date) => date.toISOString(),
    });
    const Dated = z.object({ id: z.string(), at });
    const source = kinesisSource({
      stream: 's',
      schema: Dated,
      eventTimeMs: (dated) => dated.at.getTime(),
      watermarks: boundedOutOfOrderness(seconds(0)),
    });
    define((p) => {
      isStreamOf<{ id: string; at: Date }>()(p.source('dated', source)).sink(
        'table',
        dynamoSink({ table: 't', schema: Dated, key: ['id', 'at'] }),
      );
    });
    expect(source.spec.schema).toBe(Dated);
  });

  it('refuse other records, keys and options', () => {
    refused((p) => {
      const all = p.source('orders', orders);
      // @ts-expect-error an order is no row
      all.sink('s', dynamoSink({ table: 't', schema: Row, key: ['province'] }));
      // @ts-expect-error there is no such field
      dynamoSink({ table: 't', schema: Row, key: ['city'] });
      // @ts-expect-error a boolean is no key
      dynamoSink({ table: 't', schema: Row, key: ['gift'] });
      // @ts-expect-error a key may not be missing
      dynamoSink({ table: 't', schema: Row, key: ['note'] });
      // @ts-expect-error a table has at most two key fields
      dynamoSink({ table: 't', schema: Row, key: ['province', 'minute', 'minute'] });
      // @ts-expect-error an order has no city
      kinesisSink({ stream: 's', schema: Order, partitionKey: (order) => order.city });
      // @ts-expect-error an order has no city
      sqsSink({ queue: 'q.fifo', schema: Order, groupId: (order) => order.city });
      // @ts-expect-error an order is no row
      all.sink('s', sqsSink({ queue: 'q', schema: Row }));
      // @ts-expect-error an order is no row
      all.sink('s', s3Sink({ bucket: 'b', schema: Row }));
      // @ts-expect-error there is no such format
      s3Sink({ bucket: 'b', schema: Order, format: 'parquet' });
      // @ts-expect-error an order is no row
      all.sink('s', httpSink({ url: 'https://a.example', schema: Row }));
      // @ts-expect-error a header is a text, a variable or a function
      httpSink({ url: 'https://a.example', schema: Order, headers: { a: 7 } });
      // @ts-expect-error a plain number is no duration
      httpSink({ url: 'https://a.example', schema: Order, timeout: 5_000 });
      kinesisSource({
        stream: 's',
        schema: Order,
        // @ts-expect-error event times are numbers
        eventTimeMs: (order) => order.id,
        watermarks: boundedOutOfOrderness(seconds(1)),
      });
      // @ts-expect-error watermarks are not optional
      kinesisSource({ stream: 's', schema: Order, eventTimeMs: (order) => order.at });
      kinesisSource({
        stream: 's',
        schema: Order,
        eventTimeMs: () => 0,
        watermarks: boundedOutOfOrderness(seconds(1)),
        // @ts-expect-error LATEST can miss records
        start: 'latest',
      });
      // @ts-expect-error a sink is no source
      p.source('x', drain);
      // @ts-expect-error a plain number is no duration
      boundedOutOfOrderness(5_000);
    });
    // @ts-expect-error there is no such mode
    void (() => definePipeline('p', { delivery: 'twice' }, () => undefined));
    // @ts-expect-error there is no such option
    void (() => definePipeline('p', { parallelism: 3 }, () => undefined));
    expect(refused).toBeDefined();
  });
});
