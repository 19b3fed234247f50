import {
  boundedOutOfOrderness,
  count,
  definePipeline,
  kinesisSink,
  kinesisSource,
  type Millis,
  type Pipeline,
  seconds,
  tumbling,
} from 'millrace';
import * as z from 'zod';

const Order = z.object({ province: z.string(), at: z.int() });
const Row = z.object({ province: z.string(), orders: z.int() });

/** Versions of one pipeline, which differ in their window. */
export const orders = (window: string, size: Millis, options: { readonly renamedFrom?: string } = {}): Pipeline =>
  definePipeline('orders', {}, (p) => {
    p.source(
      'orders',
      kinesisSource({
        stream: 'orders',
        schema: Order,
        eventTimeMs: (order) => order.at,
        watermarks: boundedOutOfOrderness(seconds(5)),
      }),
    )
      .keyBy('by-province', (order) => order.province)
      .window(window, tumbling(size), options)
      .aggregate('totals', { orders: count() })
      .map('row', ({ key, value }) => ({ province: key, orders: value.orders }))
      .sink('out', kinesisSink({ stream: 'counts', schema: Row, partitionKey: (row) => row.province }));
  });
