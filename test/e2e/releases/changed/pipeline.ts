import { count, dynamoSink, max } from 'millrace';
import * as z from 'zod';
import { Revenue } from '../../../../functions/revenue/pipeline.ts';
import { revenueRelease } from '../revenue-release.ts';
import { exactSum } from './exact-sum.ts';

/** Without it where the pane was begun by the release before, and no order came since. */
const RevenueAndLargest = Revenue.extend({ largestCents: z.int().optional() });

/** `functions/revenue` after its change: a window has another name, a sum another form, and a result is new. */
export default revenueRelease({
  window: { id: 'each-minute', renamedFrom: 'minute' },
  toTable: (perMinute) =>
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
      ),
});
