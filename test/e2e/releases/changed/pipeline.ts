import {
  boundedOutOfOrderness,
  count,
  definePipeline,
  dynamoSink,
  kinesisSink,
  kinesisSource,
  max,
  minutes,
  seconds,
  tumbling,
} from 'millrace';
import * as z from 'zod';
import { Order, Revenue } from '../../../../functions/revenue/pipeline.ts';
import { exactSum } from './exact-sum.ts';

/** Without it where the pane was begun by the release before, and no order came since. */
const RevenueAndLargest = Revenue.extend({ largestCents: z.int().optional() });

/** `functions/revenue` after its change: a window has another name, a sum another form, and a result is new. */
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
    .window('each-minute', tumbling(minutes(1)), { allowedLateness: minutes(5), renamedFrom: 'minute' });

  perMinute
    .aggregate('totals', {
      amountCents: exactSum((order) => order.amountCents),
      orders: count(),
      largestCents: max((order) => order.amountCents),
    })
    .map('row', ({ key, window, value: { largestCents, ...totals } }) => ({
      province: key,
      minute: window.startMs,
      ...totals,
      // Null where it began empty in a pane that was there.
      ...(largestCents !== null && { largestCents }),
    }))
    .sink(
      'table',
      dynamoSink({ table: 'revenue', schema: RevenueAndLargest, key: ['province', 'minute'], streamKey: 'province' }),
    );

  perMinute.late.sink(
    'late',
    kinesisSink({ stream: 'late-orders', schema: Order, partitionKey: (order) => order.province }),
  );
});
