import { count, definePipeline, kinesisSink, seconds, session } from 'millrace';
import * as z from 'zod';
import { bidsOf } from './events.ts';

const Row = z.object({ bidder: z.int(), bids: z.int(), sessionEnd: z.int(), sessionStart: z.int() });

/** q11: how often each bidder bids in a session, which two seconds without a bid end. */
export default definePipeline('nexmark-q11', {}, (p) => {
  bidsOf(p)
    .keyBy('by-bidder', (bid) => bid.bidder)
    .window('session', session(seconds(2)))
    .aggregate('counts', { bids: count() })
    .map('row', ({ key, window, value }) => ({
      bidder: key,
      bids: value.bids,
      sessionEnd: window.endMs,
      sessionStart: window.startMs,
    }))
    .sink(
      'out',
      kinesisSink({ stream: 'out', schema: Row, partitionKey: (row) => String(row.bidder), idField: undefined }),
    );
});
