import { count, dynamoSink, sum } from 'millrace';
import { Revenue } from '../../../../functions/revenue/pipeline.ts';
import type { YuanAndCents } from '../changed/exact-sum.ts';
import { type PaidOrder, revenueRelease } from '../revenue-release.ts';

/** The sum of the first release, which reads what the next one stores: so one can go back to it. */
const amountCents = {
  ...sum((order: PaidOrder) => order.amountCents),
  upcasts: { 'exact-sum@1': ({ yuan, cents }: YuanAndCents) => yuan * 100 + cents },
};

/** `functions/revenue` before its change: the same results, and one more form of accumulators that it reads. */
export default revenueRelease({
  window: { id: 'minute' },
  toTable: (perMinute) =>
    perMinute
      .aggregate('totals', { amountCents, orders: count() })
      .map('row', ({ key, window, value }) => ({ province: key, minute: window.startMs, ...value }))
      .sink(
        'table',
        dynamoSink({ table: 'revenue', schema: Revenue, key: ['province', 'minute'], streamKey: 'province' }),
      ),
});
