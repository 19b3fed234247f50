import type { Design } from './design.ts';
import { idempotentUpdate } from './idempotent-update.ts';
import { transactionPerRecord } from './transaction-per-record.ts';
import { updatePerKey } from './update-per-key.ts';
import { updatePerRecord } from './update-per-record.ts';

export const designs = {
  'update-per-record': updatePerRecord,
  'update-per-key': updatePerKey,
  'idempotent-update': idempotentUpdate,
  'transaction-per-record': transactionPerRecord,
} satisfies Readonly<Record<string, Design>>;

export type DesignName = keyof typeof designs;

export interface HandWrittenOptions {
  readonly design: DesignName;
  readonly dynamoEndpoint: string;
  /** Records in a batch. */
  readonly batch: number;
}
