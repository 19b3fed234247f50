import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { forEachInFlight } from '../../../lib/core/in-flight.ts';
import { addition, bidOf, type Design } from './design.ts';

/** Requests of one batch that are under way at a time. */
export const updatesInFlight = 16;

/** One UpdateItem a record. Counts twice what is delivered twice. */
export const updatePerRecord: Design =
  ({ client, counts }) =>
  ({ Records }) =>
    forEachInFlight(Records, updatesInFlight, async (record) => {
      const bid = bidOf(record);
      if (bid !== undefined) await client.send(new UpdateItemCommand(addition(counts, bid, 1)));
    });
