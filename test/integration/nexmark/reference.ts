/**
 * The queries' answers by brute force over the whole list, without a line of Millrace: what a query computes, said again
 * by other means. See bench/nexmark for the queries.
 */

export interface Bid {
  readonly auction: number;
  readonly bidder: number;
  readonly price: number;
  readonly channel: string;
  readonly url: string;
  readonly date_time: number;
  readonly extra: string;
}

export interface Auction {
  readonly id: number;
  readonly seller: number;
  readonly category: number;
}

type Row = Readonly<Record<string, unknown>>;

type Query = (bids: readonly Bid[], auctions: readonly Auction[]) => readonly Row[];

/** The integer product is exact, so this is the double nearest to the decimal result. */
const euros = (price: number): number => Number(BigInt(price) * 908n) / 1_000;

const groupBy = <T>(all: readonly T[], keyOf: (one: T) => unknown): ReadonlyMap<unknown, readonly T[]> =>
  Map.groupBy(all, keyOf);

const greatest = <T>(all: readonly T[], rankOf: (one: T) => number): readonly T[] => {
  const most = all.reduce((most, one) => Math.max(most, rankOf(one)), Number.NEGATIVE_INFINITY);
  return all.filter((one) => rankOf(one) === most);
};

const q5: Query = (bids) => {
  const times = bids.map((bid) => bid.date_time);
  const first = times.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const last = times.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const rows: Row[] = [];
  for (let start = Math.floor(first / 2_000) * 2_000 - 8_000; start <= last; start += 2_000) {
    const inside = bids.filter((bid) => bid.date_time >= start && bid.date_time < start + 10_000);
    const counts = [...groupBy(inside, (bid) => bid.auction)].map(([auction, some]) => ({
      auction,
      bids: some.length,
    }));
    for (const { auction, bids } of greatest(counts, (count) => count.bids)) {
      rows.push({ auction, bids, windowStart: start, windowEnd: start + 10_000 });
    }
  }
  return rows;
};

const q7: Query = (bids) =>
  [...groupBy(bids, (bid) => bid.date_time - (bid.date_time % 10_000))].flatMap(([windowStart, some]) =>
    greatest(some, (bid) => bid.price).map(({ auction, bidder, price, date_time }) => ({
      windowStart,
      auction,
      bidder,
      price,
      date_time,
    })),
  );

const q11: Query = (bids) =>
  [...groupBy(bids, (bid) => bid.bidder)].flatMap(([bidder, some]) => {
    const times = some.map((bid) => bid.date_time).sort((a, b) => a - b);
    const starts = times.flatMap((time, i) => (i === 0 || time - (times[i - 1] as number) >= 2_000 ? [i] : []));
    return starts.map((from, i) => {
      const session = times.slice(from, starts[i + 1]);
      return {
        bidder,
        bids: session.length,
        sessionStart: session[0] as number,
        sessionEnd: (session.at(-1) as number) + 2_000,
      };
    });
  });

const timeOfDay = (hour: number): string => {
  if (hour >= 8 && hour <= 18) return 'dayTime';
  return hour <= 6 || hour >= 20 ? 'nightTime' : 'otherTime';
};

const q14: Query = (bids) =>
  bids
    .filter(({ price }) => BigInt(price) * 908n > 1_000_000_000n && BigInt(price) * 908n < 50_000_000_000n)
    .map(({ auction, bidder, price, date_time, extra }) => ({
      auction,
      bidder,
      price: euros(price),
      bidTimeType: timeOfDay(Math.floor(date_time / 3_600_000) % 24),
      cCount: [...extra].filter((letter) => letter === 'c').length,
    }));

const q20: Query = (bids, auctions) =>
  auctions
    .filter(({ category }) => category === 10)
    .flatMap(({ id, seller, category }) =>
      bids
        .filter(({ auction }) => auction === id)
        .map(({ auction, bidder, price, date_time }) => ({ auction, bidder, category, date_time, price, seller })),
    );

const channelId = ({ channel, url }: Bid): string | null => {
  const known = ['apple', 'google', 'facebook', 'baidu'].indexOf(channel.toLowerCase());
  return known === -1 ? new URL(url).searchParams.get('channel_id') : String(known);
};

const q21: Query = (bids) =>
  bids.flatMap((bid) => {
    const id = channelId(bid);
    return id === null ? [] : [{ auction: bid.auction, bidder: bid.bidder, price: bid.price, channelId: id }];
  });

const q22: Query = (bids) =>
  bids.map(({ auction, bidder, price, channel, url }) => {
    const parts = url.split('/');
    return { auction, bidder, price, channel, dir1: parts[3], dir2: parts[4], dir3: parts[5] };
  });

/** By the query's name. */
export const answers: Readonly<Record<string, Query>> = {
  q0: (bids) => bids.map(({ auction, bidder, price, date_time }) => ({ auction, bidder, price, date_time })),
  q1: (bids) =>
    bids.map(({ auction, bidder, price, date_time }) => ({ auction, bidder, price: euros(price), date_time })),
  q2: (bids) => bids.filter(({ auction }) => auction % 123 === 0).map(({ auction, price }) => ({ auction, price })),
  q5,
  q7,
  q11,
  q14,
  q20,
  q21,
  q22,
};
