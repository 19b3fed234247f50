import { definePipeline } from 'millrace';
import * as z from 'zod';
import { toEuros, toThousandthsOfEuro } from './dollars-to-euros.ts';
import { answerSink, type Bid, bidsOf } from './events.ts';

const BidTime = z.enum(['dayTime', 'nightTime', 'otherTime']);

const Row = z.object({
  auction: z.int(),
  bidTimeType: BidTime,
  bidder: z.int(),
  cCount: z.int(),
  price: z.number(),
});

const lowest = 1_000_000 * 1_000;
const highest = 50_000_000 * 1_000;

const isChosen = ({ price }: Bid): boolean => {
  const thousandths = toThousandthsOfEuro(price);
  return thousandths > lowest && thousandths < highest;
};

const bidTimeOf = (tsMs: number): z.output<typeof BidTime> => {
  const hour = new Date(tsMs).getUTCHours();
  if (hour >= 8 && hour <= 18) return 'dayTime';
  return hour <= 6 || hour >= 20 ? 'nightTime' : 'otherTime';
};

const rowOf = ({ auction, bidder, date_time, price, extra }: Bid): z.output<typeof Row> => ({
  auction,
  bidTimeType: bidTimeOf(date_time),
  bidder,
  cCount: extra.split('c').length - 1,
  price: toEuros(price),
});

/** q14: the bids of one range of prices, with the time of day and the number of letters c in what is said besides. */
export default definePipeline('nexmark-q14', {}, (p) => {
  bidsOf(p).filter('in-range', isChosen).map('row', rowOf).sink('out', answerSink(Row));
});
