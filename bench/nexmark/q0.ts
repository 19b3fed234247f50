import { definePipeline } from 'millrace';
import * as z from 'zod';
import { answerSink, type Bid, bidsOf } from './events.ts';

const Row = z.object({ auction: z.int(), bidder: z.int(), date_time: z.int(), price: z.int() });

const rowOf = ({ auction, bidder, date_time, price }: Bid): z.output<typeof Row> => ({
  auction,
  bidder,
  date_time,
  price,
});

/** q0: every bid, as it is. */
export default definePipeline('nexmark-q0', {}, (p) => {
  bidsOf(p).map('row', rowOf).sink('out', answerSink(Row));
});
