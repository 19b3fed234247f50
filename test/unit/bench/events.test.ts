import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { generateEvents } from '../../../bench/events/generate-events.ts';

/** The events of the benches against those of another generator of the same benchmark, in another language. */

interface MarketEvent {
  readonly Bid?: {
    readonly auction: number;
    readonly bidder: number;
    readonly price: number;
    readonly channel: string;
    readonly url: string;
    readonly date_time: number;
    readonly extra: string;
  };
  readonly Auction?: {
    readonly id: number;
    readonly seller: number;
    readonly category: number;
    readonly initial_bid: number;
    readonly reserve: number;
  };
  readonly Person?: { readonly id: number; readonly state: string; readonly city: string };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const shareOf = <T>(all: readonly T[], isMeant: (one: T) => boolean): number => all.filter(isMeant).length / all.length;

const quantile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(q * (values.length - 1))] as number;

const fieldsOf = (event: MarketEvent): string => {
  const [[kind, inner]] = Object.entries(event) as [[string, object]];
  return `${kind}: ${Object.keys(inner).join(', ')}`;
};

/** How far each bid's auction is behind the newest one opened before it: who is bid for. */
const lags = (events: readonly MarketEvent[]): readonly number[] => {
  let newest = 0;
  return events.flatMap(({ Auction, Bid }) => {
    if (Auction !== undefined) newest = Math.max(newest, Auction.id);
    return Bid === undefined || Bid.auction % 100 === 0 || newest < 1_150 ? [] : [newest - Bid.auction];
  });
};

const statisticsOf = (lines: readonly string[]) => {
  const events = lines.map((line) => JSON.parse(line) as MarketEvent);
  const bids = events.flatMap(({ Bid }) => Bid ?? []);
  const auctions = events.flatMap(({ Auction }) => Auction ?? []);
  const bytesOf = (kind: keyof MarketEvent) =>
    mean(lines.filter((_, i) => events[i]?.[kind] !== undefined).map((line) => line.length));
  const prices = bids.map(({ price }) => Math.log10(price));
  return {
    forms: [...new Set(events.map(fieldsOf))].sort(),
    shares: { bids: bids.length / events.length, auctions: auctions.length / events.length },
    bytes: {
      all: mean(lines.map((line) => line.length)),
      bid: bytesOf('Bid'),
      auction: bytesOf('Auction'),
      person: bytesOf('Person'),
    },
    hotAuctions: shareOf(bids, ({ auction }) => auction % 100 === 0),
    hotBidders: shareOf(bids, ({ bidder }) => bidder % 100 === 1),
    hotSellers: shareOf(auctions, ({ seller }) => seller % 100 === 0),
    hotChannels: shareOf(bids, ({ channel }) => !channel.startsWith('channel-')),
    channelIds: shareOf(bids, ({ url }) => url.includes('&channel_id=')),
    urlChars: mean(bids.map(({ url }) => url.length)),
    prices: [0.1, 0.25, 0.5, 0.75, 0.9].map((q) => quantile(prices, q)),
    categories: [...new Set(auctions.map(({ category }) => category))].sort(),
    states: [...new Set(events.flatMap(({ Person }) => Person?.state ?? []))].sort(),
    auctionLags: [0.05, 0.5, 0.95].map((q) => quantile(lags(events), q)),
    distinct: {
      auctions: new Set(bids.map(({ auction }) => auction)).size / bids.length,
      bidders: new Set(bids.map(({ bidder }) => bidder)).size / bids.length,
    },
  };
};

const sample = gunzipSync(readFileSync(join(import.meta.dirname, '../../data/nexmark/events.jsonl.gz')))
  .toString()
  .trim()
  .split('\n');
const seed = 20_261_121;
const generated = [...generateEvents({ seed, events: sample.length })];

describe(`generated events (seed ${seed})`, () => {
  const theirs = statisticsOf(sample);
  const ours = statisticsOf(generated);
  const near = (value: number, expected: number, tolerance: number) =>
    expect(Math.abs(value - expected), `${value} against ${expected}`).toBeLessThanOrEqual(tolerance);

  it('have the fields of the benchmark, in its order', () => {
    expect(ours.forms).toEqual(theirs.forms);
  });

  it('are as large and as often of each kind', () => {
    near(ours.shares.bids, theirs.shares.bids, 0.002);
    near(ours.shares.auctions, theirs.shares.auctions, 0.002);
    near(ours.bytes.all, theirs.bytes.all, 0.02 * theirs.bytes.all);
    for (const kind of ['bid', 'auction', 'person'] as const)
      near(ours.bytes[kind], theirs.bytes[kind], 0.03 * theirs.bytes[kind]);
    near(ours.urlChars, theirs.urlChars, 1.5);
  });

  it('prefer the same few auctions, bidders, sellers and channels', () => {
    near(ours.hotAuctions, theirs.hotAuctions, 0.04);
    near(ours.hotBidders, theirs.hotBidders, 0.04);
    near(ours.hotSellers, theirs.hotSellers, 0.09);
    near(ours.hotChannels, theirs.hotChannels, 0.04);
    near(ours.channelIds, theirs.channelIds, 0.04);
    near(ours.distinct.auctions, theirs.distinct.auctions, 0.1 * theirs.distinct.auctions);
    near(ours.distinct.bidders, theirs.distinct.bidders, 0.15 * theirs.distinct.bidders);
  });

  it('have prices spread over the same powers of ten', () => {
    ours.prices.forEach((price, i) => {
      near(price, theirs.prices[i] as number, 0.2);
    });
  });

  it('name the same categories and states', () => {
    expect(ours.categories).toEqual(theirs.categories);
    expect(ours.states).toEqual(theirs.states);
  });

  it('bid for auctions that opened a short while ago', () => {
    // Two seconds of disorder are 67 ms where time is not dilated 30 times, as it is in the sample.
    const ordered = statisticsOf([...generateEvents({ seed, events: sample.length, disorderMs: 67 })]);
    ordered.auctionLags.forEach((lag, i) => {
      near(lag, theirs.auctionLags[i] as number, 15);
    });
  });

  it('are the same ones for the same seed, and others for another', () => {
    expect([...generateEvents({ seed, events: 500 })]).toEqual([...generateEvents({ seed, events: 500 })]);
    expect([...generateEvents({ seed: seed + 1, events: 500 })]).not.toEqual([
      ...generateEvents({ seed, events: 500 }),
    ]);
  });

  it('arrive at most two seconds behind the newest one, and not in order', () => {
    const times = [...generateEvents({ seed, events: 25_000 })].map((line) =>
      Number(/"date_time":(\d+)/.exec(line)?.[1]),
    );
    let newest = 0;
    let latest = 0;
    for (const time of times) {
      newest = Math.max(newest, time);
      latest = Math.max(latest, newest - time);
    }
    expect(times).toHaveLength(25_000);
    expect(latest).toBeGreaterThan(1_900);
    expect(latest).toBeLessThanOrEqual(2_000);
  });
});
