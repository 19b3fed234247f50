import { count, definePipeline, kinesisSink, type WindowAssigner } from 'millrace';
import * as z from 'zod';
import { bidsOf } from '../nexmark/events.ts';

const Row = z.object({ auction: z.int(), startMs: z.int(), bids: z.int() });

/** Bids counted for each auction and window. */
export const countPipeline = (name: string, windows: WindowAssigner) =>
  definePipeline(name, { delivery: 'exactly-once' }, (p) => {
    bidsOf(p, 'kpl')
      .keyBy('by-auction', (bid) => bid.auction)
      .window('window', windows)
      .aggregate('counts', { bids: count() })
      .map('row', ({ key, window, value }) => ({ auction: key, startMs: window.startMs, bids: value.bids }))
      .sink('out', kinesisSink({ stream: 'out', schema: Row, partitionKey: (row) => String(row.auction) }));
  });
