import { groupDigits } from '../core/text-table.ts';
import type { Plan } from '../graph/plan.ts';
import { type Prices, usEast1 } from './prices.ts';
import { SNAPSHOT_COMMITS, type StageTraffic, trafficOf } from './stage-traffic.ts';
import { readWorkload, type Workload, type WorkloadOptions } from './workload.ts';

/** One kind of use, and what it costs. */
export interface CostLine {
  readonly service: 'Kinesis' | 'Lambda' | 'DynamoDB' | 'SQS' | 'S3' | 'CloudWatch';
  readonly what: string;
  /** How it was reckoned, with units. */
  readonly arithmetic: string;
  readonly usd: number;
}

/** What a pipeline is expected to cost. */
export interface CostEstimate {
  readonly pipeline: string;
  readonly workload: Workload;
  readonly prices: Pick<Prices, 'region' | 'asOf'>;
  /** For each million events, at the workload's rate. */
  readonly perMillionEvents: readonly CostLine[];
  readonly usdPerMillionEvents: number;
  /** For a month of 730 hours in which nothing arrives. The first lines are charged in busy months too. */
  readonly perIdleMonth: readonly CostLine[];
  readonly usdPerIdleMonth: number;
}

const HOURS = 730;
const COMMIT_HEADER_BYTES = 250;
/** A commit up to this is in its slot; a larger one is beside it, in blocks that are deleted later: billed twice. */
const INLINE_BYTES = 64 * 1_024;
/** Measured on the engine, with zstd: bytes of a changed entry beside its key. */
const ENTRY_BYTES = 5;
/** Of an invocation: the put of the commit, and that of its outputs. */
const WAIT_MS = 15;
const CPU_MICROS_PER_ROW = 10;
/** A function with this much memory has one core. */
const CORE_MEGABYTES = 1_769;
const LOG_BYTES_PER_INVOCATION = 1_000;
const PUT_UNIT_BYTES = 25_000;
const TICKS_PER_HOUR = 60;

/**
 * Estimates what a pipeline costs on AWS at list prices: by service, for a million events and for a month in which none
 * arrives. Assumes what {@link WorkloadOptions} says, that every record passes every filter, and that containers change places
 * at random, so that each commit is preceded by a strong read. The source's own stream and the producers' puts are counted.
 *
 * @param prices default: us-east-1
 * @throws MillraceError `INVALID_OPTION` for a workload that is none
 *
 * @example
 * const { usdPerMillionEvents, usdPerIdleMonth } = estimateCost(revenue.plan, { eventsPerSecond: 1_000, keys: 10_000 });
 */
export const estimateCost = (plan: Plan, options: WorkloadOptions, prices: Prices = usEast1): CostEstimate => {
  const workload = readWorkload(options);
  const traffic = trafficOf(plan, workload);
  const perMillionEvents = [
    ...kinesisPuts(plan, traffic, workload, prices),
    ...fanOut(traffic, workload, prices),
    ...lambda(traffic, workload, prices),
    ...stateTable(traffic, workload, prices),
    ...sinks(traffic, workload, prices),
    logs(traffic, workload, prices),
  ].filter(({ usd }) => usd > 0);
  const perIdleMonth = idle(traffic, workload, prices).filter(({ usd }) => usd > 0);
  return {
    pipeline: plan.pipeline,
    workload,
    prices: { region: prices.region, asOf: prices.asOf },
    perMillionEvents,
    usdPerMillionEvents: total(perMillionEvents),
    perIdleMonth,
    usdPerIdleMonth: total(perIdleMonth),
  };
};

const total = (lines: readonly CostLine[]): number => lines.reduce((sum, { usd }) => sum + usd, 0);

/** What happens so often in a second, for a million events. */
const perMillion = (perSecond: number, { eventsPerSecond }: Workload): number => (perSecond * 1e6) / eventsPerSecond;

const commitsOf = ({ shards, commitsPerSecond }: StageTraffic): number => shards * commitsPerSecond;

const kinesisPuts = (plan: Plan, traffic: readonly StageTraffic[], workload: Workload, prices: Prices): CostLine[] => {
  const { millionPutUnits } = prices.kinesis;
  const packedShare = shareOfPacked(plan);
  const eventUnits =
    1e6 *
    ((1 - packedShare) * Math.ceil(workload.eventBytes / PUT_UNIT_BYTES) +
      (packedShare * workload.eventBytes) / PUT_UNIT_BYTES);
  const packets = traffic.reduce((sum, { packetsPerSecond, packetBytesPerSecond }) => {
    const bytes = packetsPerSecond === 0 ? 0 : packetBytesPerSecond / packetsPerSecond;
    return sum + packetsPerSecond * Math.ceil(bytes / PUT_UNIT_BYTES);
  }, 0);
  const units = perMillion(packets, workload);
  return [
    {
      service: 'Kinesis',
      what: packedShare > 0 ? 'events put, packed' : 'events put, one a record',
      arithmetic: `${count(eventUnits)} units of 25 KB × $${millionPutUnits} / M`,
      usd: (eventUnits / 1e6) * millionPutUnits,
    },
    {
      service: 'Kinesis',
      what: 'packets between stages',
      arithmetic: `${count(units)} units of 25 KB × $${millionPutUnits} / M`,
      usd: (units / 1e6) * millionPutUnits,
    },
  ];
};

const shareOfPacked = ({ stages }: Plan): number => {
  const sources = stages.flatMap(({ input }) => (input.kind === 'source' ? [input] : []));
  return sources.filter(({ aggregation }) => aggregation !== 'none').length / sources.length;
};

const fanOut = (traffic: readonly StageTraffic[], workload: Workload, prices: Prices): CostLine[] => {
  if (!workload.fanOut) return [];
  const bytes =
    workload.eventsPerSecond * workload.eventBytes + traffic.reduce((sum, one) => sum + one.packetBytesPerSecond, 0);
  const gigabytes = perMillion(bytes, workload) / 1e9;
  return [
    {
      service: 'Kinesis',
      what: 'enhanced fan-out',
      arithmetic: `${gigabytes.toFixed(3)} GB × $${prices.kinesis.fanOutGigabyte}`,
      usd: gigabytes * prices.kinesis.fanOutGigabyte,
    },
  ];
};

const lambda = (traffic: readonly StageTraffic[], workload: Workload, prices: Prices): CostLine[] => {
  const invocations = perMillion(sumOf(traffic, commitsOf), workload);
  const cores = Math.min(1, workload.memoryMegabytes / CORE_MEGABYTES);
  const seconds = perMillion(
    sumOf(traffic, (one) => commitsOf(one) * (WAIT_MS / 1e3 + (one.rowsPerCommit * CPU_MICROS_PER_ROW) / 1e6 / cores)),
    workload,
  );
  const gigabyteSeconds = (seconds * workload.memoryMegabytes) / 1_024;
  return [
    {
      service: 'Lambda',
      what: 'requests',
      arithmetic: `${count(invocations)} × $${prices.lambda.millionRequests} / M`,
      usd: (invocations / 1e6) * prices.lambda.millionRequests,
    },
    {
      service: 'Lambda',
      what: 'time, ARM',
      arithmetic: `${seconds.toFixed(1)} s × ${workload.memoryMegabytes} MB × $${prices.lambda.armGigabyteSecond} / GB-s`,
      usd: gigabyteSeconds * prices.lambda.armGigabyteSecond,
    },
  ];
};

const stateTable = (traffic: readonly StageTraffic[], workload: Workload, prices: Prices): CostLine[] => {
  const { millionWriteUnits, millionReadUnits } = prices.dynamo;
  const commitBytes = (one: StageTraffic) =>
    COMMIT_HEADER_BYTES + one.entriesPerCommit * (ENTRY_BYTES + workload.keyBytes) + one.outputBytesPerCommit;
  const writes = perMillion(
    sumOf(traffic, (one) => commitsOf(one) * unitsOfCommit(commitBytes(one))),
    workload,
  );
  const reads = perMillion(
    sumOf(traffic, (one) => commitsOf(one) * Math.ceil(Math.min(commitBytes(one), INLINE_BYTES) / 4_096)),
    workload,
  );
  const snapshots = perMillion(
    sumOf(traffic, (one) => {
      const bytes = COMMIT_HEADER_BYTES + one.entriesPerSnapshot * (ENTRY_BYTES + workload.keyBytes);
      // Put, and deleted when a later one has taken its place; the pointer is moved.
      return (commitsOf(one) / SNAPSHOT_COMMITS) * (2 * Math.ceil(bytes / 1_024) + 1);
    }),
    workload,
  );
  const line = (what: string, units: number, price: number, unit: string): CostLine => ({
    service: 'DynamoDB',
    what,
    arithmetic: `${count(units)} ${unit} × $${price} / M`,
    usd: (units / 1e6) * price,
  });
  return [
    line('commits, with their outputs', writes, millionWriteUnits, 'write units'),
    line('snapshots', snapshots, millionWriteUnits, 'write units'),
    line('catching up', reads, millionReadUnits, 'read units'),
  ];
};

const unitsOfCommit = (bytes: number): number =>
  bytes <= INLINE_BYTES ? Math.ceil(bytes / 1_024) : 1 + 2 * Math.ceil(bytes / 1_024);

const sinks = (traffic: readonly StageTraffic[], workload: Workload, prices: Prices): CostLine[] =>
  traffic.flatMap((stage) =>
    stage.sinks.flatMap(({ sink, rowsPerSecond }): CostLine[] => {
      const rows = perMillion(rowsPerSecond, workload);
      const what = `rows of sink ${sink.id}`;
      const units = rows * Math.ceil(workload.rowBytes / 1_024);
      const line = (service: CostLine['service'], amount: number, unit: string, price: number): CostLine => ({
        service,
        what,
        arithmetic: `${count(amount)} ${unit} × $${price} / M`,
        usd: (amount / 1e6) * price,
      });
      if (sink.kind === 'dynamo') return [line('DynamoDB', units, 'write units', prices.dynamo.millionWriteUnits)];
      if (sink.kind === 'kinesis') return [line('Kinesis', rows, 'units of 25 KB', prices.kinesis.millionPutUnits)];
      if (sink.kind === 'sqs') {
        const isFifo = sink.target.endsWith('.fifo');
        return [line('SQS', rows, 'messages', isFifo ? prices.sqs.millionFifo : prices.sqs.millionStandard)];
      }
      const objects = rows === 0 ? 0 : perMillion(Math.min(rowsPerSecond, commitsOf(stage)), workload);
      return sink.kind === 's3' ? [line('S3', objects, 'puts', prices.s3.millionPuts)] : [];
    }),
  );

const logs = (traffic: readonly StageTraffic[], workload: Workload, prices: Prices): CostLine => {
  const invocations = perMillion(sumOf(traffic, commitsOf), workload);
  const gigabytes = (invocations * LOG_BYTES_PER_INVOCATION) / 1e9;
  return {
    service: 'CloudWatch',
    what: 'logs',
    arithmetic: `${count(invocations)} invocations × 1 KB × $${prices.cloudWatch.logGigabyte} / GB`,
    usd: gigabytes * prices.cloudWatch.logGigabyte,
  };
};

const idle = (traffic: readonly StageTraffic[], workload: Workload, prices: Prices): CostLine[] => {
  const shardHours = (of: (one: StageTraffic) => boolean) =>
    traffic.filter(of).reduce((sum, { shards }) => sum + shards, 0) * HOURS;
  const shards = (what: string, hours: number, price: number): CostLine => ({
    service: 'Kinesis',
    what,
    arithmetic: `${hours / HOURS} × ${HOURS} h × $${price}`,
    usd: hours * price,
  });
  const ticks = traffic.length * TICKS_PER_HOUR * HOURS;
  const seconds = (ticks * WAIT_MS) / 1_000;
  return [
    shards(
      'shards of sources',
      shardHours(({ isSource }) => isSource),
      prices.kinesis.shardHour,
    ),
    shards(
      'shards between stages',
      shardHours(({ isSource }) => !isSource),
      prices.kinesis.shardHour,
    ),
    ...(workload.fanOut
      ? [
          shards(
            'enhanced fan-out',
            shardHours(() => true),
            prices.kinesis.fanOutShardHour,
          ),
        ]
      : []),
    {
      service: 'Lambda',
      what: 'ticks',
      arithmetic: `${count(ticks)} × ($${prices.lambda.millionRequests} / M + ${WAIT_MS} ms × ${workload.memoryMegabytes} MB)`,
      usd:
        (ticks / 1e6) * prices.lambda.millionRequests +
        ((seconds * workload.memoryMegabytes) / 1_024) * prices.lambda.armGigabyteSecond,
    },
    {
      service: 'CloudWatch',
      what: 'logs of ticks',
      arithmetic: `${count(ticks)} × 1 KB × $${prices.cloudWatch.logGigabyte} / GB`,
      usd: ((ticks * LOG_BYTES_PER_INVOCATION) / 1e9) * prices.cloudWatch.logGigabyte,
    },
    {
      service: 'CloudWatch',
      what: 'alarms',
      arithmetic: `${workload.alarms} × $${prices.cloudWatch.alarmMonth}`,
      usd: workload.alarms * prices.cloudWatch.alarmMonth,
    },
  ];
};

const sumOf = (traffic: readonly StageTraffic[], of: (one: StageTraffic) => number): number =>
  traffic.reduce((sum, one) => sum + of(one), 0);

const count = (value: number): string => groupDigits(Math.round(value));
