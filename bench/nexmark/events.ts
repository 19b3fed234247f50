import {
  type Aggregation,
  boundedOutOfOrderness,
  kinesisSink,
  kinesisSource,
  type PipelineScope,
  type Sink,
  type Stream,
  seconds,
} from 'millrace';
import * as z from 'zod';

/** The events of the NEXMark generator; timestamps are epoch milliseconds. */

const Person = z.object({
  id: z.int(),
  name: z.string(),
  email_address: z.string(),
  credit_card: z.string(),
  city: z.string(),
  state: z.string(),
  date_time: z.int(),
  extra: z.string(),
});

const Auction = z.object({
  id: z.int(),
  item_name: z.string(),
  description: z.string(),
  initial_bid: z.int(),
  reserve: z.int(),
  date_time: z.int(),
  expires: z.int(),
  seller: z.int(),
  category: z.int(),
  extra: z.string(),
});

const Bid = z.object({
  auction: z.int(),
  bidder: z.int(),
  price: z.int(),
  channel: z.string(),
  url: z.string(),
  date_time: z.int(),
  extra: z.string(),
});

export type Bid = z.output<typeof Bid>;

export type Auction = z.output<typeof Auction>;

// Nine events of ten are bids: theirs is tried first.
const Event = z.union([z.object({ Bid }), z.object({ Auction }), z.object({ Person })]);

type Event = z.output<typeof Event>;

const eventTimeMs = (event: Event): number =>
  'Bid' in event ? event.Bid.date_time : 'Auction' in event ? event.Auction.date_time : event.Person.date_time;

/** The source `events`, which is out of order by up to four seconds. */
const eventsOf = (p: PipelineScope, aggregation: Aggregation): Stream<Event> =>
  p.source(
    'events',
    kinesisSource({
      stream: 'events',
      schema: Event,
      eventTimeMs,
      watermarks: boundedOutOfOrderness(seconds(4)),
      aggregation,
    }),
  );

const bidsAmong = (events: Stream<Event>): Stream<Bid> =>
  events.filter('bids', (event) => 'Bid' in event).map('bid', (event) => event.Bid, { schema: Bid });

/** All bids of the source. */
export const bidsOf = (p: PipelineScope, aggregation: Aggregation = 'none'): Stream<Bid> =>
  bidsAmong(eventsOf(p, aggregation));

/** Bids and auctions of one source. */
export const marketOf = (
  p: PipelineScope,
  aggregation: Aggregation = 'none',
): { readonly bids: Stream<Bid>; readonly auctions: Stream<Auction> } => {
  const events = eventsOf(p, aggregation);
  return {
    bids: bidsAmong(events),
    auctions: events
      .filter('auctions', (event) => 'Auction' in event)
      .map('auction', (event) => event.Auction, { schema: Auction }),
  };
};

/** The rows of an answer: without output ids, so that they equal the expected ones. */
export const answerSink = <S extends z.ZodType<{ readonly auction: number }>>(schema: S): Sink<z.output<S>> =>
  kinesisSink({ stream: 'out', schema, partitionKey: (row) => String(row.auction), idField: undefined });
