import * as z from 'zod';
import { checkOptions } from '../core/check-options.ts';

/** So many, or as many as Kinesis thinks fit. */
export type ShardCount = number | 'on-demand';

/** What is asked of a pipeline, as far as its cost depends on it. */
export interface WorkloadOptions {
  /** Events that all sources together take in a second, on average. */
  readonly eventsPerSecond: number;
  /** Different keys of each keyed stream. */
  readonly keys: number;
  /** Bytes of an event as its producer sends it. Default 280. */
  readonly eventBytes?: number;
  /** Bytes of a key that do not compress away: about half of those of a UUID. Default 8. */
  readonly keyBytes?: number;
  /** Bytes of a row of a sink. Default 100. */
  readonly rowBytes?: number;
  /**
   * Shards of each source's stream; `'on-demand'` leaves them to Kinesis. Default: as many as the events need at 70 % of what a shard
   * takes.
   */
  readonly shards?: ShardCount;
  /** Shards of each repartition stream. Default: as many as its packets need, in the same way. */
  readonly repartitionShards?: ShardCount;
  /** The same for single streams by their names in the plan, those of sinks too (default: 1). */
  readonly streamShards?: Readonly<Record<string, ShardCount>>;
  /** How long a mapping collects a batch, seconds: as often does a busy shard commit. Default 1. */
  readonly batchSeconds?: number;
  /** Memory of each function, MB. Default 1,024. */
  readonly memoryMegabytes?: number;
  /** Whether stages read their streams by enhanced fan-out. Default false. */
  readonly fanOut?: boolean;
  /** Alarms that are deployed with the pipeline. Default 0. */
  readonly alarms?: number;
}

export type Workload = Required<Omit<WorkloadOptions, 'shards' | 'repartitionShards'>> &
  Pick<WorkloadOptions, 'shards' | 'repartitionShards'>;

type StreamRole = 'source' | 'repartition' | 'sink';

const shardsSaid = ({ streamShards, ...all }: Workload, stream: string, role: StreamRole): ShardCount | undefined =>
  streamShards[stream] ?? (role === 'sink' ? undefined : role === 'source' ? all.shards : all.repartitionShards);

/** The number of shards that was given for a stream. */
export const shardCountOf = (workload: Workload, stream: string, role: StreamRole): number | undefined => {
  const said = shardsSaid(workload, stream, role);
  return said === 'on-demand' ? undefined : said;
};

export const isOnDemand = (workload: Workload, stream: string, role: StreamRole): boolean =>
  shardsSaid(workload, stream, role) === 'on-demand';

const positive = (what: string) => z.number({ error: `expected ${what}` }).positive({ error: `expected ${what}` });
const whole = (what: string) => z.int({ error: `expected ${what}` }).min(1, { error: `expected ${what}` });

const shardCount = z.union([z.literal('on-demand'), z.int().min(1)], {
  error: "expected a whole number from 1 on, or 'on-demand'",
});

const shape = z.strictObject({
  eventsPerSecond: positive('a number above 0'),
  keys: whole('a whole number from 1 on'),
  eventBytes: positive('a number of bytes').default(280),
  keyBytes: positive('a number of bytes').default(8),
  rowBytes: positive('a number of bytes').default(100),
  shards: shardCount.optional(),
  repartitionShards: shardCount.optional(),
  streamShards: z.record(z.string(), shardCount).default({}),
  batchSeconds: positive('a number of seconds').max(300, { error: 'expected at most 300 seconds' }).default(1),
  memoryMegabytes: z
    .int({ error: 'expected megabytes, 128 … 10240' })
    .min(128, { error: 'expected megabytes, 128 … 10240' })
    .max(10_240, { error: 'expected megabytes, 128 … 10240' })
    .default(1_024),
  fanOut: z.boolean().default(false),
  alarms: z.int().min(0).default(0),
});

/** @throws MillraceError `INVALID_OPTION` */
export const readWorkload = (options: WorkloadOptions): Workload =>
  checkOptions('estimateCost', shape, options) as Workload;
