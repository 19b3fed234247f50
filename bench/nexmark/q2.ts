import { definePipeline } from 'millrace';
import * as z from 'zod';
import { answerSink, type Bid, bidsOf } from './events.ts';

const Row = z.object({ auction: z.int(), price: z.int() });

const isChosen = ({ auction }: Bid): boolean => auction % 123 === 0;

const rowOf = ({ auction, price }: Bid): z.output<typeof Row> => ({ auction, price });

/** q2: the bids of every 123rd auction. */
export default definePipeline('nexmark-q2', {}, (p) => {
  bidsOf(p).filter('chosen', isChosen).map('row', rowOf).sink('out', answerSink(Row));
});
