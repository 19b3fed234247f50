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
import type * as z from 'zod';
import { Order, Revenue } from '../../../../functions/revenue/pipeline.ts';
import type { YuanAndCents } from '../changed/exact-sum.ts';

/** The sum of the first release, which reads what the next one stores: so one can go back to it. */
const amountCents = {
  ...sum((order: z.infer<typeof Order>) => order.amountCents),
  upcasts: { 'exact-sum@1': ({ yuan, cents }: YuanAndCents) => yuan * 100 + cents },
};

/** `functions/revenue` before its change: the same results, and one more form of accumulators that it reads. */
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
    .aggregate('totals', { amountCents, orders: count() })
    .map('row', ({ key, window, value }) => ({ province: key, minute: window.startMs, ...value }))
    .sink(
      'table',
      dynamoSink({ table: 'revenue', schema: Revenue, key: ['province', 'minute'], streamKey: 'province' }),
    );

  perMinute.late.sink(
    'late',
    kinesisSink({ stream: 'late-orders', schema: Order, partitionKey: (order) => order.province }),
  );
});
