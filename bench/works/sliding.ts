import { seconds, sliding } from 'millrace';
import { countPipeline } from './count-pipeline.ts';
import { WindowCounts } from './windows-by-hand.ts';
import type { Loop, Work } from './work.ts';

const sizeMs = 10_000;
const slideMs = 2_000;

const makeLoop = (): Loop => {
  const counts = new WindowCounts();
  return {
    add: ({ Bid }) => {
      if (Bid === undefined) return;
      const last = Bid.date_time - (Bid.date_time % slideMs);
      for (let startMs = last; startMs > Bid.date_time - sizeMs; startMs -= slideMs) counts.add(startMs, Bid.auction);
    },
    finish: () => counts.rows(),
  };
};

export const slidingCount: Work = {
  id: 'sliding',
  letter: 'b',
  title: 'bids of each auction in 10 s, every 2 s',
  columns: ['auction', 'startMs', 'bids'],
  pipeline: countPipeline('bench-sliding', sliding(seconds(sizeMs / 1_000), seconds(slideMs / 1_000))),
  makeLoop,
  sql: `WITH slide AS (SELECT auction, date_time // ${slideMs} * ${slideMs} AS lastMs, count(*) AS bids FROM bid GROUP BY ALL)
    SELECT auction, lastMs - back AS startMs, sum(bids)::BIGINT AS bids
    FROM slide, unnest(generate_series(0, ${sizeMs - slideMs}, ${slideMs})) AS backs(back) GROUP BY ALL`,
};
