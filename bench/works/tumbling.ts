import { seconds, tumbling } from 'millrace';
import { countPipeline } from './count-pipeline.ts';
import { WindowCounts } from './windows-by-hand.ts';
import type { Loop, Work } from './work.ts';

const sizeMs = 10_000;

const makeLoop = (): Loop => {
  const counts = new WindowCounts();
  return {
    add: ({ Bid }) => {
      if (Bid !== undefined) counts.add(Bid.date_time - (Bid.date_time % sizeMs), Bid.auction);
    },
    finish: () => counts.rows(),
  };
};

export const tumblingCount: Work = {
  id: 'tumbling',
  letter: 'a',
  title: 'bids of each auction in 10 s',
  columns: ['auction', 'startMs', 'bids'],
  pipeline: countPipeline('bench-tumbling', tumbling(seconds(sizeMs / 1_000))),
  makeLoop,
  sql: `SELECT auction, date_time // ${sizeMs} * ${sizeMs} AS startMs, count(*) AS bids FROM bid GROUP BY ALL`,
};
