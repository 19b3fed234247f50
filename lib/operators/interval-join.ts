import type { IntervalJoinNode, JoinSide, Key } from '../graph/logical-graph.ts';
import type { ComputeSession, Push } from './compute-session.ts';
import type { TableKeeper } from './table-keeper.ts';

/** A record that waits for its counterparts, as stored: its value is as the repartition brought it. */
type Waiting = readonly [side: 0 | 1, key: Key, eventTimeMs: number, stored: unknown];

/** A record of one side, as it arrives. */
export interface JoinRecord {
  readonly key: Key;
  readonly keyJson: string;
  readonly eventTimeMs: number;
  readonly value: unknown;
  /** The value as the repartition brought it. */
  readonly stored: unknown;
}

/** An interval join at work in a keyed stage. The session's `lp` is set before each call. */
export interface JoinProgram extends TableKeeper {
  onRecord(session: ComputeSession, side: JoinSide, record: JoinRecord): void;
}

/** What a join does with the records of one side. */
export interface JoinInput {
  /** Where late ones go. */
  readonly late: Push;
  /** Reads a value that was stored. */
  readonly decode: (stored: unknown) => unknown;
}

interface Side extends JoinInput {
  readonly tag: 0 | 1;
  /** Where its counterparts are, from its own event time on. */
  readonly fromMs: number;
  /** The same; so long after its event time is it kept, too. */
  readonly toMs: number;
  readonly pair: (own: unknown, other: unknown) => { readonly left: unknown; readonly right: unknown };
}

/**
 * Records of both sides wait in state until the watermark has passed all times at which a counterpart may still come. One
 * entry for each, `<side>|<bucket>|<index>|<key>`: a bucket is a stretch of event time, and the indexes of a side, bucket and
 * key have no gaps, so that counterparts are found by name. All of a bucket are let go together, or gaps would be made.
 *
 * What is behind the watermark is late, and joined with nothing: some of its counterparts may be gone.
 */
export const compileIntervalJoin = (
  { id, lowerMs, upperMs }: IntervalJoinNode,
  inputs: Readonly<Record<JoinSide, JoinInput>>,
  next: Push,
  table: number,
): JoinProgram => {
  const left: Side = {
    ...inputs.left,
    tag: 0,
    fromMs: lowerMs,
    toMs: upperMs,
    pair: (own, other) => ({ left: own, right: other }),
  };
  const right: Side = {
    ...inputs.right,
    tag: 1,
    fromMs: -upperMs,
    toMs: -lowerMs,
    pair: (own, other) => ({ left: other, right: own }),
  };
  const bucketMs = bucketMsOf(lowerMs, upperMs);
  /** Where the entries of a side, bucket and key ended when one was added last, for keys with very many. The state decides. */
  const ends = new Map<string, number>();

  const findMatches = (session: ComputeSession, own: Side, other: Side, record: JoinRecord): void => {
    const { key, keyJson, eventTimeMs, value } = record;
    const [firstMs, lastMs] = [eventTimeMs + own.fromMs, eventTimeMs + own.toMs];
    for (let bucket = bucketOf(firstMs, bucketMs); bucket <= lastMs; bucket += bucketMs) {
      for (let i = 0; ; i++) {
        const waiting = session.state.get(session.lp, table, entryOf(other, bucket, i, keyJson)) as Waiting | undefined;
        if (waiting === undefined) break;
        const [, , otherMs, stored] = waiting;
        if (otherMs < firstMs || otherMs > lastMs) continue;
        next(session, { key, ...own.pair(value, other.decode(stored)) }, Math.max(eventTimeMs, otherMs));
      }
    }
  };

  const keep = (session: ComputeSession, own: Side, record: JoinRecord): void => {
    const { key, keyJson, eventTimeMs, stored } = record;
    const bucket = bucketOf(eventTimeMs, bucketMs);
    const nameOf = (i: number) => entryOf(own, bucket, i, keyJson);
    const place = `${own.tag}|${bucket}|${keyJson}`;
    const index = firstFree((i) => session.state.get(session.lp, table, nameOf(i)) !== undefined, ends.get(place));
    if (ends.size >= MAX_ENDS) ends.clear();
    ends.set(place, index + 1);
    session.state.set(session.lp, table, nameOf(index), [own.tag, key, eventTimeMs, stored] satisfies Waiting);
  };

  return {
    table: {
      id,
      timerMs: (value) => {
        const [tag, , eventTimeMs] = value as Waiting;
        return bucketOf(eventTimeMs, bucketMs) + bucketMs - 1 + (tag === 0 ? left : right).toMs;
      },
      keyTextOf: (entryKey) => entryKey.slice(entryKey.indexOf('|', entryKey.indexOf('|', 2) + 1) + 1),
    },

    onRecord(session, side, record) {
      const [own, other] = side === 'left' ? [left, right] : [right, left];
      const { eventTimeMs } = record;
      if (eventTimeMs <= session.watermarkMs) {
        own.late(session, record.value, eventTimeMs);
        return;
      }
      findMatches(session, own, other, record);
      // Where the interval lies in the past, all counterparts that are not late may have come.
      if (eventTimeMs + own.toMs > session.watermarkMs) keep(session, own, record);
    },

    onTimer(session, entryKey) {
      session.state.set(session.lp, table, entryKey, undefined);
    },
  };
};

/**
 * Half of the interval: counterparts are in three buckets at most, and what is looked at is at most twice of what matches,
 * where records come evenly. It is part of the names of entries.
 */
const bucketMsOf = (lowerMs: number, upperMs: number): number => Math.ceil((upperMs - lowerMs + 1) / 2);

const bucketOf = (tsMs: number, bucketMs: number): number => {
  const past = tsMs % bucketMs;
  return tsMs - (past < 0 ? past + bucketMs : past);
};

const entryOf = ({ tag }: Side, bucket: number, index: number, keyJson: string): string =>
  `${tag}|${bucket}|${index}|${keyJson}`;

const MAX_ENDS = 10_000;

/**
 * The first index that is not taken, where those before it all are.
 * @param guess looked at first. A wrong one, as after a record that was undone, costs two looks
 */
const firstFree = (isTaken: (index: number) => boolean, guess = 0): number => {
  if (guess > 0 && isTaken(guess - 1) && !isTaken(guess)) return guess;
  if (!isTaken(0)) return 0;
  let taken = 0;
  let free = 1;
  while (isTaken(free)) {
    taken = free;
    free *= 2;
  }
  while (free - taken > 1) {
    const middle = (taken + free) >> 1;
    if (isTaken(middle)) taken = middle;
    else free = middle;
  }
  return free;
};
