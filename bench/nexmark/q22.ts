import { definePipeline } from 'millrace';
import * as z from 'zod';
import { answerSink, type Bid, bidsOf } from './events.ts';

const Row = z.object({
  auction: z.int(),
  bidder: z.int(),
  channel: z.string(),
  dir1: z.string(),
  dir2: z.string(),
  dir3: z.string(),
  price: z.int(),
});

const rowOf = ({ auction, bidder, channel, price, url }: Bid): z.output<typeof Row> => {
  // As SQL's split_part: a part that is not there is an empty text.
  const [, , , dir1 = '', dir2 = '', dir3 = ''] = url.split('/');
  return { auction, bidder, channel, dir1, dir2, dir3, price };
};

/** q22: every bid with the directories of its url. */
export default definePipeline('nexmark-q22', {}, (p) => {
  bidsOf(p).map('row', rowOf).sink('out', answerSink(Row));
});
