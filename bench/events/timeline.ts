import type { Random } from '../../lib/core/random.ts';
import { below } from './texts.ts';

/** Who is there when: of 50 events the first registers a person, three open auctions and the others are bids. */

export const eventsInRound = 50;
export const personsInRound = 1;
export const auctionsInRound = 3;

const firstId = 1_000;
/** Every so-manieth person or auction is one that many choose. */
const hotStep = 100;
const auctionsInFlight = 100;
const activePersons = 1_000;
/** Some are chosen a little before they are known. */
const lead = 10;

export type EventKind = 'Person' | 'Auction' | 'Bid';

export const kindOf = (event: number): EventKind => {
  const place = event % eventsInRound;
  if (place < personsInRound) return 'Person';
  return place < personsInRound + auctionsInRound ? 'Auction' : 'Bid';
};

const newestPerson = (event: number): number => Math.floor(event / eventsInRound);

const newestAuction = (event: number): number => {
  const place = event % eventsInRound;
  const opened = Math.min(Math.max(place - personsInRound + 1, 0), auctionsInRound);
  return Math.floor(event / eventsInRound) * auctionsInRound + opened - 1;
};

export const personIdOf = (event: number): number => firstId + newestPerson(event);

export const auctionIdOf = (event: number): number => firstId + newestAuction(event);

/** Half of the bids are for the hot auction, the others for one of the newest hundred. */
export const auctionBidFor = (random: Random, event: number): number => {
  const newest = Math.max(newestAuction(event), 0);
  if (below(random, 2) > 0) return firstId + hotOf(newest);
  const oldest = Math.max(newest - auctionsInFlight, 0);
  return firstId + oldest + below(random, newest - oldest + 1 + lead);
};

/** Three of four bids come from the hot bidder, who is the one after the hot seller. */
export const bidderOf = (random: Random, event: number): number =>
  below(random, 4) > 0 ? firstId + hotOf(newestPerson(event)) + 1 : activePerson(random, event);

/** Three of four auctions are the hot seller's. */
export const sellerOf = (random: Random, event: number): number =>
  below(random, 4) > 0 ? firstId + hotOf(newestPerson(event)) : activePerson(random, event);

const hotOf = (newest: number): number => Math.floor(newest / hotStep) * hotStep;

const activePerson = (random: Random, event: number): number => {
  const known = newestPerson(event) + 1;
  const active = Math.min(known, activePersons);
  return firstId + known - active + below(random, active + lead);
};
