import type * as z from 'zod';
import type { Aggregator } from '../aggregates/aggregator.ts';
import type { Sink } from '../connectors/sink.ts';
import type { Millis } from '../core/duration.ts';
import type { Key } from '../graph/logical-graph.ts';
import type { WindowAssigner } from '../windows/window-assigner.ts';
import type { Windowed } from '../windows/windowed.ts';

/** The type of the records of a stream. @example type Order = ElementOf<typeof orders> */
export type ElementOf<S> = S extends Stream<infer T> ? T : never;

/** What a set of aggregates results in: a field for each. */
export type AggregateResults<A> = {
  -readonly [N in keyof A]: A[N] extends Aggregator<never, unknown, infer Out> ? Out : never;
};

/**
 * What may be given where a schema reads `O`: the same, with arrays and objects that may be readonly. Functions that return
 * literals are then checked by the literals' own types, so that `{ size: 's' }` fits an enum.
 */
export type ReadonlyDeep<O> = unknown extends O
  ? O
  : O extends string | number | boolean | bigint | null | undefined | symbol | Date | ((...args: never) => unknown)
    ? O
    : { readonly [F in keyof O]: ReadonlyDeep<O[F]> };

/** Options of {@link KeyedStream.window}. */
export interface WindowOptions {
  /**
   * For how long after its end a window still takes records: each one fires the window again with the new result.
   * After that they go to {@link WindowedStream.late}. Event time. Default 0.
   */
  readonly allowedLateness?: Millis;
  /** See {@link StoredOptions.renamedFrom}. */
  readonly renamedFrom?: string;
}

/** Options of {@link KeyedStream.intervalJoin}. Event time; a negative bound lies before the left record. */
export interface IntervalJoinOptions {
  /** How long after a left record the right one may come at the earliest: `minutes(-5)` is five minutes before it. */
  readonly lower: Millis;
  /** How long after a left record the right one may come at the latest. Not less than `lower`; both are included. */
  readonly upper: Millis;
  /** See {@link StoredOptions.renamedFrom}. */
  readonly renamedFrom?: string;
}

/** Options of operators that store something under their id. */
export interface StoredOptions {
  /**
   * The id that the operator had in the version of the pipeline that runs now: it goes on with what is stored under it.
   * It may stay there for good, and may go once every deployment has it.
   */
  readonly renamedFrom?: string;
}

/**
 * A stream of records. Each operator has an id first: letters, digits and hyphens, unique in the pipeline. Ids are part of the state's
 * keys, so a rename is a new operator, unless `renamedFrom` says which one it was.
 *
 * Functions given to operators may throw: the record is then quarantined and the stream goes on.
 */
export interface Stream<out T> {
  /**
   * Lets through the records for which the predicate is true. A type predicate narrows the stream.
   *
   * @example
   * orders.filter('paid', (order) => order.amountCents > 0)
   */
  filter<U extends T>(id: string, predicate: (value: T) => value is U): Stream<U>;
  filter(id: string, predicate: (value: T) => boolean): Stream<T>;

  /**
   * Turns each record into another one.
   *
   * @param options `schema`: how the result is written where it crosses a repartition. Without one the results must
   * be plain JSON there.
   * @throws `SCHEMA_CANNOT_ENCODE` when the schema can read but not write
   *
   * @example
   * orders.map('euros', (order) => ({ id: order.id, euros: order.amountCents / 100 }))
   */
  map<U, const R extends ReadonlyDeep<U>>(
    id: string,
    fn: (value: T) => R,
    options: { readonly schema: z.ZodType<U> },
  ): Stream<U>;
  map<U>(id: string, fn: (value: T) => U): Stream<U>;

  /**
   * Turns each record into any number of others.
   *
   * @param options `schema`: as for {@link Stream.map}, of one result
   *
   * @example
   * orders.flatMap('lines', (order) => order.lines)
   */
  flatMap<U, const R extends ReadonlyDeep<U>>(
    id: string,
    fn: (value: T) => Iterable<R>,
    options: { readonly schema: z.ZodType<U> },
  ): Stream<U>;
  flatMap<U>(id: string, fn: (value: T) => Iterable<U>): Stream<U>;

  /**
   * The records of several streams as one. The watermark is the lowest of theirs.
   *
   * @throws `STREAM_OF_ANOTHER_PIPELINE`
   *
   * @example
   * web.union('all', app, shops)
   */
  union<const S extends readonly [Stream<unknown>, ...Stream<unknown>[]]>(
    id: string,
    ...others: S
  ): Stream<T | ElementOf<S[number]>>;

  /**
   * Brings the records of each key together: a hop through a repartition stream.
   *
   * @param fn the key: a string, a number or a boolean. A record whose key is something else is quarantined.
   * @throws `SCHEMA_CANNOT_ENCODE` when the stream's schema can read but not write
   *
   * @example
   * orders.keyBy('by-province', (order) => order.province)
   */
  keyBy<K extends Key>(id: string, fn: (value: T) => K): KeyedStream<K, T>;

  /**
   * Writes each record to a sink.
   *
   * @throws `SCHEMA_CANNOT_ENCODE`, `SINK_KEY_NOT_IN_SCHEMA`, `SINK_CANNOT_HOLD_GUARANTEE`
   *
   * @example
   * late.sink('late', kinesisSink({ stream: 'late-orders', schema: Order, partitionKey: (order) => order.province }))
   */
  sink(id: string, sink: Sink<T>, options?: StoredOptions): void;
}

/** A stream whose records are together by key. */
export interface KeyedStream<out K, out T> {
  /**
   * Groups each key's records by event time.
   *
   * @param assigner {@link tumbling}, {@link sliding} or {@link session}
   * @throws `INVALID_DURATION` for a negative lateness
   *
   * @example
   * byProvince.window('minute', tumbling(minutes(1)), { allowedLateness: minutes(5) })
   */
  window(id: string, assigner: WindowAssigner, options?: WindowOptions): WindowedStream<K, T>;

  /**
   * Pairs each record with those of another stream that have the same key, and whose event time is from `lower` to `upper`
   * after its own. A pair comes out once, as soon as its second record is there, at the later of the two event times. A record
   * without a counterpart comes out never.
   *
   * Records wait in state, on both sides, until the watermark of both streams has passed all times at which a counterpart may
   * come. A record behind that watermark is late: it is joined with nothing, and comes out of {@link JoinedStream.lateLeft} or
   * {@link JoinedStream.lateRight}. Functions behind the join get one record in many pairs, and must not change it.
   *
   * @param right a keyed stream of this pipeline whose keys have the same type; it may be this one
   * @throws `INVALID_OPTION` where `upper` is less than `lower`, or where one side is made from what the other's keyBy brings
   * together; `INVALID_DURATION` for a bound that is not a whole number of milliseconds; `STREAM_OF_ANOTHER_PIPELINE`
   *
   * @example Bids of the first ten seconds of each auction
   * auctions.keyBy('by-id', (auction) => auction.id)
   *   .intervalJoin('early-bids', bids.keyBy('by-auction', (bid) => bid.auction), { lower: seconds(0), upper: seconds(10) })
   *   .map('row', ({ key, left, right }) => ({ auction: key, item: left.item, price: right.price }))
   *
   * @see {@link https://nightlies.apache.org/flink/flink-docs-stable/docs/dev/datastream/operators/joining/#interval-join}
   */
  intervalJoin<R>(id: string, right: KeyedStream<K, R>, options: IntervalJoinOptions): JoinedStream<K, T, R>;
}

/** Two records of one key: what a join puts out. */
export interface Joined<out K, out L, out R> {
  readonly key: K;
  readonly left: L;
  readonly right: R;
}

/** The pairs of a join: a stream as any other. */
export interface JoinedStream<out K, out L, out R> extends Stream<Joined<K, L, R>> {
  /**
   * The left records that came behind the watermark, as they were before the join.
   *
   * @example
   * earlyBids.lateLeft.sink('late', kinesisSink({ stream: 'late-auctions', schema: Auction, partitionKey: (auction) => auction.id }))
   */
  readonly lateLeft: Stream<L>;
  /** The right records that came behind the watermark, as they were before the join. */
  readonly lateRight: Stream<R>;
}

/** Each key's records in windows. A window fires when the watermark passes its end, and again for each batch of late ones it still takes. */
export interface WindowedStream<out K, out T> {
  /**
   * Aggregates each pane (one key × one window). What it emits has event time `window.endMs − 1`.
   *
   * @param aggregators one for each field of the result: {@link count}, {@link sum}, {@link max}, …
   *
   * @example
   * perMinute.aggregate('totals', { amountCents: sum((order) => order.amountCents), orders: count() })
   * // Stream<Windowed<string, { amountCents: number; orders: number }>>
   */
  aggregate<const A extends Readonly<Record<string, Aggregator<T, unknown, unknown>>>>(
    id: string,
    aggregators: A,
    options?: StoredOptions,
  ): Stream<Windowed<K, AggregateResults<A>>>;

  /**
   * The records that came after their window's end plus the allowed lateness, as they were before the window.
   *
   * @example
   * perMinute.late.sink('late', kinesisSink({ stream: 'late-orders', schema: Order, partitionKey: (order) => order.province }))
   */
  readonly late: Stream<T>;
}
