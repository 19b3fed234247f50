import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { forEachInFlight } from '../../../lib/core/in-flight.ts';
import { addition, type Bid, bidOf, type Design } from './design.ts';
import { updatesInFlight } from './update-per-record.ts';

/** The batch is counted in memory, then one UpdateItem a key. Counts twice what is delivered twice. */
export const updatePerKey: Design =
  ({ client, counts }) =>
  async ({ Records }) => {
    const found = new Map<string, { readonly bid: Bid; bids: number }>();
    for (const record of Records) {
      const bid = bidOf(record);
      if (bid === undefined) continue;
      const key = `${bid.auction}/${bid.startMs}`;
      const known = found.get(key);
      if (known === undefined) found.set(key, { bid, bids: 1 });
      else known.bids++;
    }
    await forEachInFlight([...found.values()], updatesInFlight, async ({ bid, bids }) => {
      await client.send(new UpdateItemCommand(addition(counts, bid, bids)));
    });
  };
