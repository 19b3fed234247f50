import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { LambdaKinesisEvent, LambdaKinesisRecord } from '../../../lib/local/mapping/lambda-event.ts';
import type { MarketEvent } from '../../works/market-event.ts';

/** Where a design keeps its counts, and what it has seen. */
export interface DesignTables {
  readonly client: DynamoDBClient;
  /** Keyed by auction and startMs. */
  readonly counts: string;
  /** Keyed by id. */
  readonly seen: string;
}

/** A way to count bids by auction and ten seconds in a table, as it is written by hand: a Lambda handler. */
export type Design = (tables: DesignTables) => (event: LambdaKinesisEvent) => Promise<void>;

export interface Bid {
  readonly auction: number;
  readonly startMs: number;
}

const sizeMs = 10_000;

/** The bid in a record, by its window; `undefined` for other events. */
export const bidOf = ({ kinesis }: LambdaKinesisRecord): Bid | undefined => {
  const { Bid } = JSON.parse(Buffer.from(kinesis.data, 'base64').toString()) as MarketEvent;
  return Bid && { auction: Bid.auction, startMs: Bid.date_time - (Bid.date_time % sizeMs) };
};

/** Adds so many bids to a count. */
export const addition = (table: string, { auction, startMs }: Bid, bids: number) => ({
  TableName: table,
  Key: { auction: { N: String(auction) }, startMs: { N: String(startMs) } },
  UpdateExpression: 'ADD bids :bids',
  ExpressionAttributeValues: { ':bids': { N: String(bids) } },
});
