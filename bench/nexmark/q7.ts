import { definePipeline, maxBy, seconds, tumbling } from 'millrace';
import * as z from 'zod';
import { answerSink, bidsOf } from './events.ts';

const Offer = z.object({ auction: z.int(), bidder: z.int(), date_time: z.int(), price: z.int() });

const Row = Offer.extend({ windowStart: z.int() });

/** q7: the highest bids of each ten seconds; all of them where several are equal. */
export default definePipeline('nexmark-q7', {}, (p) => {
  bidsOf(p)
    .map('offer', ({ auction, bidder, date_time, price }) => ({ auction, bidder, date_time, price }), { schema: Offer })
    .keyBy('together', () => 'all')
    .window('ten-seconds', tumbling(seconds(10)))
    .aggregate('highest', { offers: maxBy((offer) => offer.price, { ties: 'all' }) })
    .flatMap('row', ({ window, value }) => value.offers.map((offer) => ({ ...offer, windowStart: window.startMs })))
    .sink('out', answerSink(Row));
});
