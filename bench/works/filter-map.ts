import { definePipeline, dynamoSink, kinesisSink, type PipelineScope, type Stream } from 'millrace';
import * as z from 'zod';
import { toThousandthsOfEuro } from '../nexmark/dollars-to-euros.ts';
import { bidsOf } from '../nexmark/events.ts';
import type { Loop, Row, Work } from './work.ts';

const leastPrice = 1_000_000;

const Offer = z.object({ auction: z.int(), bidder: z.int(), atMs: z.int(), thousandths: z.int() });

type Offer = z.output<typeof Offer>;

const offersOf = (p: PipelineScope): Stream<Offer> =>
  bidsOf(p, 'kpl')
    .filter('high', (bid) => bid.price >= leastPrice)
    .map('offer', ({ auction, bidder, date_time, price }) => ({
      auction,
      bidder,
      atMs: date_time,
      thousandths: toThousandthsOfEuro(price),
    }));

const makeLoop = (): Loop => {
  const rows: Row[] = [];
  return {
    add: ({ Bid }) => {
      if (Bid === undefined || Bid.price < leastPrice) return;
      rows.push([Bid.auction, Bid.bidder, Bid.date_time, toThousandthsOfEuro(Bid.price)]);
    },
    finish: () => rows,
  };
};

const shared = {
  columns: ['auction', 'bidder', 'atMs', 'thousandths'],
  makeLoop,
  sql: `SELECT auction, bidder, date_time AS atMs, price * 908 AS thousandths FROM bid WHERE price >= ${leastPrice}`,
};

export const filterMap: Work = {
  ...shared,
  id: 'filter-map',
  letter: 'e',
  title: 'high bids in euros',
  pipeline: definePipeline('bench-filter-map', { delivery: 'exactly-once' }, (p) => {
    offersOf(p).sink('out', kinesisSink({ stream: 'out', schema: Offer, partitionKey: (row) => String(row.auction) }));
  }),
};

/** A table's rows are repartitioned by their key before they are written: nothing is combined, every row travels. */
export const repartitioned: Work = {
  ...shared,
  id: 'repartition',
  letter: 'f',
  title: 'the same, repartitioned by auction',
  pipeline: definePipeline('bench-repartition', { delivery: 'exactly-once' }, (p) => {
    offersOf(p).sink('out', dynamoSink({ table: 'out', schema: Offer, key: ['auction', 'atMs'] }));
  }),
};
