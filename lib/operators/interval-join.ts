import type { IntervalJoinNode, JoinSide, Key } from '../graph/logical-graph.ts';
import type { ComputeSession, Push } from './compute-session.ts';
import { type JoinEntry, JoinRows, type KeyRows, type SideTag, timeOf } from './join-rows.ts';
import type { TableKeeper } from './table-keeper.ts';

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
  readonly tag: SideTag;
  /** Where its counterparts are, from its own event time on. */
  readonly fromMs: number;
  /** The same; so long after its event time is it kept, too. */
  readonly toMs: number;
  readonly pair: (own: unknown, other: unknown) => { readonly left: unknown; readonly right: unknown };
}

/**
 * Records of both sides wait in state until the watermark has passed all times at which a counterpart may still come: see
 * `JoinRows`. All of a bucket are let go together, or its entries would have gaps.
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
  const rows = new JoinRows(table);

  const findMatches = (session: ComputeSession, own: Side, other: Side, record: JoinRecord, waiting: KeyRows): void => {
    const { key, eventTimeMs, value } = record;
    const [firstMs, lastMs] = [eventTimeMs + own.fromMs, eventTimeMs + own.toMs];
    for (let bucket = bucketOf(firstMs, bucketMs); bucket <= lastMs; bucket += bucketMs) {
      for (const [, timesMs, stored] of waiting.lists(other.tag, bucket)) {
        for (let i = 0; i < timesMs.length; i++) {
          const otherMs = timesMs[i] as number;
          if (otherMs < firstMs || otherMs > lastMs) continue;
          next(session, { key, ...own.pair(value, other.decode(stored[i])) }, Math.max(eventTimeMs, otherMs));
        }
      }
    }
  };

  return {
    table: {
      id,
      timerMs: (value) => {
        const [tag] = value as JoinEntry;
        return bucketOf(timeOf(value as JoinEntry), bucketMs) + bucketMs - 1 + (tag === 0 ? left : right).toMs;
      },
      keyTextOf: (entryKey) => entryKey.slice(entryKey.indexOf('|', entryKey.indexOf('|', 2) + 1) + 1),
    },

    onRecord(session, side, record) {
      const [own, other] = side === 'left' ? [left, right] : [right, left];
      const { keyJson, eventTimeMs, stored } = record;
      if (eventTimeMs <= session.watermarkMs) {
        own.late(session, record.value, eventTimeMs);
        return;
      }
      const waiting = rows.of(session, keyJson);
      findMatches(session, own, other, record, waiting);
      // Where the interval lies in the past, all counterparts that are not late may have come.
      if (eventTimeMs + own.toMs <= session.watermarkMs) return;
      waiting.add(own.tag, bucketOf(eventTimeMs, bucketMs), eventTimeMs, stored);
    },

    onTimer(session, entryKey) {
      rows.remove(session, entryKey);
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
