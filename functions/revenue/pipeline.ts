import {
  boundedOutOfOrderness,
  count,
  definePipeline,
  dynamoSink,
  kinesisSink,
  kinesisSource,
  minutes,
  seconds,
  sum,
  tumbling,
} from 'millrace';
import * as z from 'zod';

/** An order as the shop sends it. Money is in whole cents, so that sums are exact. */
export const Order = z.object({ id: z.string(), province: z.string(), amountCents: z.int(), at: z.int() });

/** A row of the table: what one province took in one minute. */
export const Revenue = z.object({ province: z.string(), minute: z.int(), amountCents: z.int(), orders: z.int() });

/** Live revenue per province and minute, exactly-once. */
export default definePipeline('revenue', { delivery: 'exactly-once' }, (p) => {
  const perMinute = p
    .source(
      'orders',
      kinesisSource({
        stream: 'orders',
        schema: Order,
        eventTimeMs: (order) => order.at,
        watermarks: boundedOutOfOrderness(seconds(5)),
      }),
    )
    .filter('paid', (order) => order.amountCents > 0)
    .keyBy('by-province', (order) => order.province)
    .window('minute', tumbling(minutes(1)), { allowedLateness: minutes(5) });

  perMinute
    .aggregate('totals', { amountCents: sum((order) => order.amountCents), orders: count() })
    .map('row', ({ key, window, value }) => ({ province: key, minute: window.startMs, ...value }))
    .sink(
      'table',
      dynamoSink({ table: 'revenue', schema: Revenue, key: ['province', 'minute'], streamKey: 'province' }),
    );

  // Too late even for the five minutes: kept for whoever wants to correct the books.
  perMinute.late.sink(
    'late',
    kinesisSink({ stream: 'late-orders', schema: Order, partitionKey: (order) => order.province }),
  );
});
