import { definePipeline } from 'millrace';
import * as z from 'zod';
import { answerSink, type Bid, bidsOf } from './events.ts';

const Row = z.object({ auction: z.int(), bidder: z.int(), channelId: z.string(), price: z.int() });

const knownChannels: ReadonlyMap<string, string> = new Map([
  ['apple', '0'],
  ['google', '1'],
  ['facebook', '2'],
  ['baidu', '3'],
]);

/** A known channel's number, else what the url says, else nothing. */
const channelIdOf = ({ channel, url }: Bid): string | undefined =>
  knownChannels.get(channel.toLowerCase()) ?? /(?:&|^)channel_id=([^&]*)/.exec(url)?.[1];

const rowsOf = (bid: Bid): readonly z.output<typeof Row>[] => {
  const channelId = channelIdOf(bid);
  return channelId === undefined ? [] : [{ auction: bid.auction, bidder: bid.bidder, channelId, price: bid.price }];
};

/** q21: the bids whose channel has an id, with it. */
export default definePipeline('nexmark-q21', {}, (p) => {
  bidsOf(p).flatMap('row', rowsOf).sink('out', answerSink(Row));
});
