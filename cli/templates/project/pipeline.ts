import {
  boundedOutOfOrderness,
  count,
  definePipeline,
  dynamoSink,
  kinesisSource,
  minutes,
  seconds,
  sum,
  tumbling,
} from 'millrace';
import * as z from 'zod';

const Order = z.object({ id: z.string(), shop: z.string(), amountCents: z.int(), at: z.int() });

const Turnover = z.object({ shop: z.string(), minute: z.int(), amountCents: z.int(), orders: z.int() });

/** What each shop sells in a minute. */
export default definePipeline('turnover', {}, (p) => {
  p.source(
    'orders',
    kinesisSource({
      stream: 'orders',
      schema: Order,
      eventTimeMs: (order) => order.at,
      watermarks: boundedOutOfOrderness(seconds(5)),
    }),
  )
    .keyBy('by-shop', (order) => order.shop)
    .window('minute', tumbling(minutes(1)))
    .aggregate('totals', { amountCents: sum((order) => order.amountCents), orders: count() })
    .map('row', ({ key, window, value }) => ({ shop: key, minute: window.startMs, ...value }))
    .sink('turnover', dynamoSink({ table: 'turnover', schema: Turnover, key: ['shop', 'minute'], streamKey: 'shop' }));
});
