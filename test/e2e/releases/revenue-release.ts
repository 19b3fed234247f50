import {
  boundedOutOfOrderness,
  definePipeline,
  kinesisSink,
  kinesisSource,
  minutes,
  type Pipeline,
  seconds,
  tumbling,
  type WindowedStream,
} from 'millrace';
import type * as z from 'zod';
import { Order } from '../../../functions/revenue/pipeline.ts';

export type PaidOrder = z.infer<typeof Order>;

/** What a release decides. */
export interface RevenueRelease {
  readonly window: { readonly id: string; readonly renamedFrom?: string };
  /** Aggregates, and puts the rows into the table. */
  toTable(perMinute: WindowedStream<string, PaidOrder>): void;
}

/** `functions/revenue` with what a release of it changes. */
export const revenueRelease = ({ window: { id, ...renamed }, toTable }: RevenueRelease): Pipeline =>
  definePipeline('revenue', { delivery: 'exactly-once' }, (p) => {
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
      .window(id, tumbling(minutes(1)), { allowedLateness: minutes(5), ...renamed });
    toTable(perMinute);
    perMinute.late.sink(
      'late',
      kinesisSink({ stream: 'late-orders', schema: Order, partitionKey: (order) => order.province }),
    );
  });
