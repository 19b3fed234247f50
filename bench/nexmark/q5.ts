import { count, definePipeline, maxBy, seconds, sliding, tumbling } from 'millrace';
import * as z from 'zod';
import { answerSink, bidsOf } from './events.ts';

const Row = z.object({ auction: z.int(), bids: z.int(), windowEnd: z.int(), windowStart: z.int() });

/** q5: the auctions with the most bids of the last ten seconds, every two seconds; all of them where several are equal. */
export default definePipeline('nexmark-q5', {}, (p) => {
  bidsOf(p)
    .keyBy('by-auction', (bid) => bid.auction)
    .window('last-ten-seconds', sliding(seconds(10), seconds(2)))
    .aggregate('counts', { bids: count() })
    .map('counted', ({ key, window, value }) => ({
      auction: key,
      bids: value.bids,
      windowEnd: window.endMs,
      windowStart: window.startMs,
    }))
    // A fired pane has event time windowEnd − 1, so one window of one slide holds exactly the panes of one windowEnd.
    .keyBy('together', () => 'all')
    .window('per-slide', tumbling(seconds(2)))
    .aggregate('hottest', { auctions: maxBy((counted) => counted.bids, { ties: 'all' }) })
    .flatMap('row', ({ value }) => value.auctions)
    .sink('out', answerSink(Row));
});
