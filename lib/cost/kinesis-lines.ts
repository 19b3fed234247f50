import type { Plan } from '../graph/plan.ts';
import { type CostLine, count, KILOBYTE, kilobytes, millions, perMillion, sumOf } from './cost-line.ts';
import type { Prices } from './prices.ts';
import type { StageTraffic } from './stage-traffic.ts';
import { isOnDemand, shardCountOf, type Workload } from './workload.ts';

/** A provisioned stream charges a put for each 25 KB of a record begun; one on demand its bytes, by whole KB of a record. */
const PUT_UNIT_BYTES = 25_000;
const GIGABYTE = 1e9;

/** What goes into the streams that stages read, and out of them. */
export const streamLines = (traffic: readonly StageTraffic[], workload: Workload, prices: Prices): CostLine[] => {
  const puts = (what: string, of: (stage: StageTraffic) => boolean): CostLine[] => {
    const stages = traffic.filter(of);
    const units = perMillion(sumOf(stages.filter(isProvisioned), putUnits), workload);
    return [
      millions('Kinesis', what, units, 'units of 25 KB', prices.kinesis.millionPutUnits),
      gigabytes(`${what}, on demand`, billedBytesOf(stages, workload), prices.kinesis.onDemand.gigabyteIn),
    ];
  };
  return [
    ...puts('events put, packed', ({ isSource, isPacked }) => isSource && isPacked),
    ...puts('events put, one a record', ({ isSource, isPacked }) => isSource && !isPacked),
    ...puts('packets between stages', ({ isSource }) => !isSource),
    ...reads(traffic, workload, prices),
  ];
};

/** Stages read what comes. Without fan-out that costs nothing of a provisioned stream. */
const reads = (traffic: readonly StageTraffic[], workload: Workload, { kinesis }: Prices): CostLine[] => {
  const { onDemand, fanOutGigabyte } = kinesis;
  const ofDemand = billedBytesOf(traffic, workload);
  if (!workload.fanOut) return [gigabytes('reads, on demand', ofDemand, onDemand.gigabyteOut)];
  const provisioned = sumOf(traffic.filter(isProvisioned), ({ bytesPerSecond }) => bytesPerSecond);
  return [
    gigabytes('enhanced fan-out', perMillion(provisioned, workload), fanOutGigabyte),
    gigabytes('enhanced fan-out, on demand', ofDemand, onDemand.fanOutGigabyte),
  ];
};

const gigabytes = (what: string, bytes: number, price: number): CostLine => ({
  service: 'Kinesis',
  what,
  arithmetic: `${(bytes / GIGABYTE).toFixed(3)} GB × $${price}`,
  usd: (bytes / GIGABYTE) * price,
});

const isProvisioned = ({ isOnDemand: onDemand }: StageTraffic): boolean => !onDemand;

const putUnits = (stage: StageTraffic): number =>
  stage.recordsPerSecond * Math.ceil(recordBytes(stage) / PUT_UNIT_BYTES);

/** Of the streams on demand, for a million events. */
const billedBytesOf = (stages: readonly StageTraffic[], workload: Workload): number => {
  const perSecond = sumOf(
    stages.filter((stage) => !isProvisioned(stage)),
    (stage) => stage.recordsPerSecond * kilobytes(recordBytes(stage)) * KILOBYTE,
  );
  return perMillion(perSecond, workload);
};

const recordBytes = ({ bytesPerSecond, recordsPerSecond }: StageTraffic): number =>
  recordsPerSecond === 0 ? 0 : bytesPerSecond / recordsPerSecond;

/** Rows of a sink that writes a stream, one a record. Who reads them is somebody else's bill. */
export const rowsIntoStream = (
  what: string,
  rows: number,
  stream: string,
  workload: Workload,
  prices: Prices,
): CostLine => {
  if (!isOnDemand(workload, stream, 'sink'))
    return millions('Kinesis', what, rows, 'units of 25 KB', prices.kinesis.millionPutUnits);
  const bytes = rows * kilobytes(workload.rowBytes) * KILOBYTE;
  return gigabytes(what, bytes, prices.kinesis.onDemand.gigabyteIn);
};

export const HOURS_OF_MONTH = 730;

interface IdleStream {
  readonly shards: number;
  readonly isOnDemand: boolean;
}

/** What streams cost by the hour, whatever is in them. */
export const idleStreamLines = (
  { sinks }: Plan,
  traffic: readonly StageTraffic[],
  workload: Workload,
  prices: Prices,
): CostLine[] => {
  const written = [...new Set(sinks.filter(({ kind }) => kind === 'kinesis').map(({ target }) => target))].map(
    (stream): IdleStream => ({
      shards: shardCountOf(workload, stream, 'sink') ?? 1,
      isOnDemand: isOnDemand(workload, stream, 'sink'),
    }),
  );
  const sources = traffic.filter(({ isSource }) => isSource);
  const hops = traffic.filter(({ isSource }) => !isSource);
  const fannedOut = workload.fanOut ? sumOf(traffic.filter(isProvisioned), shardsOf) : 0;
  return [
    ...hourLines('of sources', sources, prices),
    ...hourLines('between stages', hops, prices),
    ...hourLines('of sinks', written, prices),
    hours('enhanced fan-out', fannedOut, prices.kinesis.fanOutShardHour),
  ];
};

const shardsOf = ({ shards }: IdleStream): number => shards;

const hourLines = (whose: string, streams: readonly IdleStream[], { kinesis }: Prices): CostLine[] => {
  const onDemand = streams.filter((stream) => stream.isOnDemand);
  const provisioned = streams.filter((stream) => !stream.isOnDemand);
  return [
    hours(`shards ${whose}`, sumOf(provisioned, shardsOf), kinesis.shardHour),
    hours(`streams ${whose}, on demand`, onDemand.length, kinesis.onDemand.streamHour),
  ];
};

const hours = (what: string, amount: number, price: number): CostLine => ({
  service: 'Kinesis',
  what,
  arithmetic: `${count(amount)} × ${HOURS_OF_MONTH} h × $${price}`,
  usd: amount * HOURS_OF_MONTH * price,
});
