import { definePipeline } from 'millrace';
import * as z from 'zod';
import { toEuros } from './dollars-to-euros.ts';
import { answerSink, type Bid, bidsOf } from './events.ts';

const Row = z.object({ auction: z.int(), bidder: z.int(), date_time: z.int(), price: z.number() });

const rowOf = ({ auction, bidder, date_time, price }: Bid): z.output<typeof Row> => ({
  auction,
  bidder,
  date_time,
  price: toEuros(price),
});

/** q1: every bid, in euros. */
export default definePipeline('nexmark-q1', {}, (p) => {
  bidsOf(p).map('row', rowOf).sink('out', answerSink(Row));
});
