import { definePipeline, kinesisSink, seconds } from 'millrace';
import * as z from 'zod';
import { marketOf } from '../nexmark/events.ts';
import type { MarketEvent } from './market-event.ts';
import type { Loop, Row, Work } from './work.ts';

const withinMs = 10_000;
const category = 10;

const PairRow = z.object({ auction: z.int(), seller: z.int(), bidder: z.int(), price: z.int(), atMs: z.int() });

/** Only what the rows need is sent over the repartition. */
const pipeline = definePipeline('bench-interval-join', { delivery: 'exactly-once' }, (p) => {
  const { bids, auctions } = marketOf(p, 'kpl');
  const offers = bids.map('offer', ({ auction, bidder, price, date_time }) => ({ auction, bidder, price, date_time }));
  auctions
    .filter('category', (auction) => auction.category === category)
    .map('sale', ({ id, seller }) => ({ id, seller }))
    .keyBy('by-id', (sale) => sale.id)
    .intervalJoin(
      'early-bids',
      offers.keyBy('by-auction', (offer) => offer.auction),
      { lower: seconds(0), upper: seconds(withinMs / 1_000) },
    )
    .map('row', ({ key, left, right }) => ({
      auction: key,
      seller: left.seller,
      bidder: right.bidder,
      price: right.price,
      atMs: right.date_time,
    }))
    .sink('out', kinesisSink({ stream: 'out', schema: PairRow, partitionKey: (row) => String(row.auction) }));
});

type Auction = NonNullable<MarketEvent['Auction']>;
type Bid = NonNullable<MarketEvent['Bid']>;

const makeLoop = (): Loop => {
  const auctions = new Map<number, Auction>();
  /** Bids that came before their auction, which may not be of the category. */
  const early = new Map<number, Bid[]>();
  const rows: Row[] = [];
  const pair = ({ id, seller, date_time }: Auction, { bidder, price, date_time: atMs }: Bid) => {
    if (atMs >= date_time && atMs <= date_time + withinMs) rows.push([id, seller, bidder, price, atMs]);
  };
  return {
    add: ({ Auction, Bid }) => {
      if (Auction?.category === category) {
        auctions.set(Auction.id, Auction);
        for (const bid of early.get(Auction.id) ?? []) pair(Auction, bid);
        early.delete(Auction.id);
      }
      if (Bid === undefined) return;
      const auction = auctions.get(Bid.auction);
      if (auction !== undefined) return pair(auction, Bid);
      const waiting = early.get(Bid.auction);
      if (waiting === undefined) early.set(Bid.auction, [Bid]);
      else waiting.push(Bid);
    },
    finish: () => rows,
  };
};

export const intervalJoin: Work = {
  id: 'interval-join',
  letter: 'd',
  title: 'auctions of a category with the bids of their first 10 s',
  columns: ['auction', 'seller', 'bidder', 'price', 'atMs'],
  pipeline,
  makeLoop,
  sql: `SELECT auction.id AS auction, seller, bidder, price, bid.date_time AS atMs FROM auction JOIN bid ON bid.auction = auction.id
    WHERE category = ${category} AND bid.date_time BETWEEN auction.date_time AND auction.date_time + ${withinMs}`,
};
