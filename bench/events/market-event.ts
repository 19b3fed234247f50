import type { Random } from '../../lib/core/random.ts';
import { below, oneOf, padding, priceOf, textOf } from './texts.ts';
import { auctionBidFor, auctionIdOf, bidderOf, kindOf, personIdOf, sellerOf } from './timeline.ts';

/** One event of the online market, by its number. */

const firstNames = ['peter', 'paul', 'luke', 'john', 'saul', 'vicky', 'kate', 'julie', 'sarah', 'deiter', 'walter'];
const lastNames = ['shultz', 'abrams', 'spencer', 'white', 'bartels', 'walton', 'smith', 'jones', 'noris'];
const cities = [
  'phoenix',
  'los angeles',
  'san francisco',
  'boise',
  'portland',
  'bend',
  'redmond',
  'seattle',
  'kent',
  'cheyenne',
];
const states = ['az', 'ca', 'id', 'or', 'wa', 'wy'];

const hotChannels = ['Google', 'Facebook', 'Baidu', 'Apple'];
const otherChannels = 10_000;

const firstCategory = 10;
const categories = 5;
/** About as long as it takes until a hundred newer ones are open, on average. */
const longestAuctionMs = 334;

/** Bytes that a record is filled up to, as the benchmark counts them: 8 a number, 1 a letter. */
const personBytes = 200;
const auctionBytes = 500;
const bidBytes = 100;

interface Channel {
  readonly channel: string;
  readonly url: string;
}

/** Makes events; the channels are drawn once. */
export class Market {
  readonly #random: Random;
  readonly #hot: readonly Channel[];
  readonly #others = new Map<number, Channel>();

  constructor(random: Random) {
    this.#random = random;
    this.#hot = hotChannels.map((channel) => ({ channel, url: this.#pageUrl() }));
  }

  /** `{"Bid":{…}}` and so on: what the event of this number says at this time. */
  event(number: number, atMs: number): object {
    const kind = kindOf(number);
    if (kind === 'Bid') return { Bid: this.#bid(number, atMs) };
    return kind === 'Auction' ? { Auction: this.#auction(number, atMs) } : { Person: this.#person(number, atMs) };
  }

  #bid(number: number, date_time: number) {
    const random = this.#random;
    const { channel, url } = below(random, 2) > 0 ? oneOf(random, this.#hot) : this.#otherChannel();
    return {
      auction: auctionBidFor(random, number),
      bidder: bidderOf(random, number),
      price: priceOf(random),
      channel,
      url,
      date_time,
      extra: padding(random, bidBytes - 32),
    };
  }

  #auction(number: number, date_time: number) {
    const random = this.#random;
    const item_name = textOf(random, 20);
    const description = textOf(random, 100);
    const initial_bid = priceOf(random);
    return {
      id: auctionIdOf(number),
      item_name,
      description,
      initial_bid,
      reserve: initial_bid + priceOf(random),
      date_time,
      expires: date_time + 1 + below(random, longestAuctionMs),
      seller: sellerOf(random, number),
      category: firstCategory + below(random, categories),
      extra: padding(random, auctionBytes - 48 - item_name.length - description.length),
    };
  }

  #person(number: number, date_time: number) {
    const random = this.#random;
    const name = `${oneOf(random, firstNames)} ${oneOf(random, lastNames)}`;
    const email_address = `${textOf(random, 7)}@${textOf(random, 5)}.com`;
    const credit_card = Array.from({ length: 4 }, () => String(below(random, 10_000)).padStart(4, '0')).join(' ');
    const city = oneOf(random, cities);
    const written = 10 + name.length + email_address.length + credit_card.length + city.length;
    return {
      id: personIdOf(number),
      name,
      email_address,
      credit_card,
      city,
      state: oneOf(random, states),
      date_time,
      extra: padding(random, personBytes - written),
    };
  }

  #otherChannel(): Channel {
    const number = below(this.#random, otherChannels);
    const known = this.#others.get(number);
    if (known !== undefined) return known;
    const id = below(this.#random, 10) > 0 ? `&channel_id=${below(this.#random, 2 ** 31)}` : '';
    const channel = { channel: `channel-${number}`, url: `${this.#pageUrl()}${id}` };
    this.#others.set(number, channel);
    return channel;
  }

  #pageUrl(): string {
    const folder = () => textOf(this.#random, 3 + below(this.#random, 2));
    return `https://www.nexmark.com/${folder()}/${folder()}/${folder()}/item.htm?query=1`;
  }
}
