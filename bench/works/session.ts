import { count, definePipeline, kinesisSink, seconds, session } from 'millrace';
import * as z from 'zod';
import { bidsOf } from '../nexmark/events.ts';
import type { Loop, Row, Work } from './work.ts';

const gapMs = 2_000;

const SessionRow = z.object({ bidder: z.int(), startMs: z.int(), endMs: z.int(), bids: z.int() });

const pipeline = definePipeline('bench-session', { delivery: 'exactly-once' }, (p) => {
  bidsOf(p, 'kpl')
    .keyBy('by-bidder', (bid) => bid.bidder)
    .window('session', session(seconds(gapMs / 1_000)))
    .aggregate('counts', { bids: count() })
    .map('row', ({ key, window, value }) => ({
      bidder: key,
      startMs: window.startMs,
      endMs: window.endMs,
      bids: value.bids,
    }))
    .sink('out', kinesisSink({ stream: 'out', schema: SessionRow, partitionKey: (row) => String(row.bidder) }));
});

interface Session {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly bids: number;
}

const joined = (a: Session, b: Session): Session => ({
  firstMs: Math.min(a.firstMs, b.firstMs),
  lastMs: Math.max(a.lastMs, b.lastMs),
  bids: a.bids + b.bids,
});

const makeLoop = (): Loop => {
  const sessions = new Map<number, Session[]>();
  const isNear = (a: Session, b: Session) => a.firstMs < b.lastMs + gapMs && b.firstMs < a.lastMs + gapMs;
  return {
    add: ({ Bid }) => {
      if (Bid === undefined) return;
      const { bidder, date_time } = Bid;
      const known = sessions.get(bidder) ?? [];
      let found: Session = { firstMs: date_time, lastMs: date_time, bids: 1 };
      // Out of order: a bid may join two.
      for (let i = known.length - 1; i >= 0; i--) {
        const one = known[i] as Session;
        if (!isNear(one, found)) continue;
        found = joined(one, found);
        known.splice(i, 1);
      }
      known.push(found);
      sessions.set(bidder, known);
    },
    finish: () =>
      [...sessions].flatMap(([bidder, all]) =>
        all.map(({ firstMs, lastMs, bids }): Row => [bidder, firstMs, lastMs + gapMs, bids]),
      ),
  };
};

export const sessionCount: Work = {
  id: 'session',
  letter: 'c',
  title: 'bids of each bidder in sessions, gap 2 s',
  columns: ['bidder', 'startMs', 'endMs', 'bids'],
  pipeline,
  makeLoop,
  // RANGE, not ROWS: bids of one instant are in no order, and whichever of them begins a session, all are in it.
  sql: `WITH begun AS (SELECT bidder, date_time,
      (coalesce(date_time - lag(date_time) OVER (PARTITION BY bidder ORDER BY date_time), ${gapMs}) >= ${gapMs})::INT AS begins FROM bid),
    numbered AS (SELECT bidder, date_time, sum(begins) OVER (PARTITION BY bidder ORDER BY date_time RANGE UNBOUNDED PRECEDING) AS n FROM begun)
    SELECT bidder, min(date_time) AS startMs, max(date_time) + ${gapMs} AS endMs, count(*) AS bids FROM numbered GROUP BY bidder, n`,
};
