import {
  boundedOutOfOrderness,
  definePipeline,
  type Joined,
  type JoinedStream,
  kinesisSink,
  kinesisSource,
  minutes,
  type PipelineScope,
  type Sink,
  type Stream,
  seconds,
} from 'millrace';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

/** What the compiler infers and refuses of joins. `npm test` checks this file with tsc. */

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

const isStreamOf =
  <T>() =>
  <S>(stream: Stream<S>, ..._proof: Equals<S, T> extends true ? [] : [expected: T, found: S]) =>
    stream;

const Order = z.object({ id: z.string(), at: z.number(), gift: z.boolean() });
type Order = z.output<typeof Order>;
const Payment = z.object({ order: z.string(), cents: z.number(), at: z.number() });
type Payment = z.output<typeof Payment>;

const orders = kinesisSource({
  stream: 'orders',
  schema: Order,
  eventTimeMs: (order) => order.at,
  watermarks: boundedOutOfOrderness(seconds(5)),
});
const payments = kinesisSource({
  stream: 'payments',
  schema: Payment,
  eventTimeMs: (payment) => payment.at,
  watermarks: boundedOutOfOrderness(seconds(5)),
});

const drain: Sink<unknown> = kinesisSink({
  stream: 'any',
  schema: z.unknown(),
  partitionKey: () => '',
  idField: undefined,
});

const refused = (_body: (p: PipelineScope) => void): void => undefined;

const bounds = { lower: minutes(-5), upper: minutes(60) };

describe('a join', () => {
  it('has the types of the key and of both sides, and is a stream as any other', () => {
    definePipeline('types', {}, (p) => {
      const joined = p
        .source('orders', orders)
        .keyBy('by-id', (order) => order.id)
        .intervalJoin(
          'paid',
          p.source('payments', payments).keyBy('by-order', (payment) => payment.order),
          bounds,
        );
      isStreamOf<Joined<string, Order, Payment>>()(joined).sink('pairs', drain);
      isStreamOf<{ key: string; gift: boolean; cents: number }>()(
        joined.map('row', ({ key, left, right }) => ({ key, gift: left.gift, cents: right.cents })),
      ).sink('rows', drain);
      isStreamOf<Order>()(joined.lateLeft).sink('late-orders', drain);
      isStreamOf<Payment>()(joined.lateRight).sink('late-payments', drain);
      const _type: Equals<typeof joined, JoinedStream<string, Order, Payment>> = true;
      expect(_type).toBe(true);
    });
  });

  it('is refused where it makes no sense', () => {
    refused((p) => {
      const left = p.source('orders', orders);
      const right = p.source('payments', payments);
      const byId = left.keyBy('by-id', (order) => order.id);
      const byOrder = right.keyBy('by-order', (payment) => payment.order);
      // @ts-expect-error a stream without keys cannot be joined
      left.intervalJoin('j', byOrder, bounds);
      // @ts-expect-error nor joined with
      byId.intervalJoin('j', right, bounds);
      const byCents = right.keyBy('by-cents', (payment) => payment.cents);
      // @ts-expect-error a text and a number are never the same key
      byId.intervalJoin('j', byCents, bounds);
      // @ts-expect-error a join has both bounds
      byId.intervalJoin('j', byOrder, { upper: minutes(5) });
      // @ts-expect-error a join has bounds
      byId.intervalJoin('j', byOrder);
      // @ts-expect-error a plain number is no duration
      byId.intervalJoin('j', byOrder, { lower: -5, upper: minutes(5) });
      // @ts-expect-error there is no such option
      byId.intervalJoin('j', byOrder, { ...bounds, within: minutes(5) });
      const joined = byId.intervalJoin('j', byOrder, bounds);
      // @ts-expect-error an order has no cents
      joined.map('m', ({ left: order }) => order.cents);
      // @ts-expect-error a pair is no order
      joined.sink('s', kinesisSink({ stream: 's', schema: Order, partitionKey: () => '' }));
      // @ts-expect-error a join has two late sides
      joined.late.sink('s', drain);
    });
    expect(refused).toBeDefined();
  });
});
