import type { PutEntry } from '../../lib/connectors/stream-port.ts';
import type { Random } from '../../lib/core/random.ts';
import { NewestTimes } from '../../lib/testing/simulator/on-time.ts';
import type { ShardInput } from '../../lib/testing/simulator/outcome.ts';
import { BOUND_MS, type Event } from './ids-pipeline.ts';

export interface InputOptions {
  readonly count: number;
  readonly keys: number;
  /** Share of records that come far behind the bound, and may so be late. Default 0. */
  readonly lateShare?: number;
  /** Share of records that are not JSON. Default 0. */
  readonly poisonShare?: number;
  /** Event time between two records. Default 500. */
  readonly stepMs?: number;
  /** Event time of the first record. Default 1,000,000. */
  readonly startMs?: number;
}

/** What is put into the source stream: events of growing time within the bound, some filtered, late or broken ones. */
export const makeInput = (random: Random, options: InputOptions): PutEntry[] =>
  Array.from({ length: options.count }, (_, i) => {
    const { lateShare = 0, poisonShare = 0, stepMs = 500, startMs = 1_000_000 } = options;
    const partitionKey = `p${Math.floor(random.fraction() * 1_000)}`;
    if (random.fraction() < poisonShare) return { partitionKey, data: Buffer.from(`{broken ${i}`) };
    const behindMs = random.fraction() < lateShare ? 30_000 : 0;
    const event: Event = {
      id: `${random.fraction() < 0.1 ? 'x' : 'e'}${i}`,
      key: `k${Math.floor(random.fraction() * options.keys)}`,
      at: startMs + i * stepMs - behindMs - Math.floor(random.fraction() * BOUND_MS),
    };
    return { partitionKey, data: Buffer.from(JSON.stringify(event)) };
  });

/** An event as it came, and whether its shard's watermark still allowed for it. */
export interface ExpectedEvent extends Event {
  readonly onTime: boolean;
}

export interface Expected {
  readonly events: readonly ExpectedEvent[];
  /** Payloads of what cannot be read. */
  readonly poison: readonly string[];
}

/**
 * What has to come out, found without Millrace: records of each shard in their order, each on time when it is not
 * further behind the newest of its shard than the bound. A shard that follows on others begins where the slowest of them
 * ended. Parents come before their children. `mayBeLate`: ticks move watermarks, and no record is known to be on time.
 */
export const expectFrom = (
  shards: readonly ShardInput[],
  { mayBeLate = false, boundMs = BOUND_MS }: { readonly mayBeLate?: boolean; readonly boundMs?: number } = {},
): Expected => {
  const events: ExpectedEvent[] = [];
  const poison: string[] = [];
  const newest = new NewestTimes();
  for (const shard of shards) {
    let newestMs = newest.before(shard);
    for (const data of shard.records) {
      const text = Buffer.from(data).toString();
      if (text.startsWith('{broken')) {
        poison.push(text);
        continue;
      }
      const event = JSON.parse(text) as Event;
      if (!event.id.startsWith('x')) events.push({ ...event, onTime: !mayBeLate && event.at >= newestMs - boundMs });
      newestMs = Math.max(newestMs, event.at);
    }
    newest.after(shard, newestMs);
  }
  return { events, poison };
};
