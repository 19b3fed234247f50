import type { BatchOptions } from '../batches.ts';

/** How Millrace is run in a trial. */
export interface MillraceOptions extends BatchOptions {
  /** Of a DynamoDB engine in another process. Without one, state is in this process's memory, billed as DynamoDB would bill it. */
  readonly dynamoEndpoint?: string;
  /** Containers of each stage that get the batches in turns: whoever is next has to catch up with the others. */
  readonly containers: number;
}
