import { INLINE_BYTES, SNAPSHOT_COMMITS } from '../core/log-limits.ts';
import {
  type CostLine,
  commitsOf,
  count,
  kilobytes,
  LOG_BYTES_PER_INVOCATION,
  millions,
  perMillion,
  sumOf,
  WAIT_MS,
} from './cost-line.ts';
import { rowsIntoStream, streamLines } from './kinesis-lines.ts';
import type { Prices } from './prices.ts';
import type { StageTraffic } from './stage-traffic.ts';
import type { Workload } from './workload.ts';

const COMMIT_HEADER_BYTES = 250;
/** Measured on the engine, with zstd: bytes of a changed entry beside its key. */
const ENTRY_BYTES = 5;
const CPU_MICROS_PER_ROW = 10;
/** A function with this much memory has one core. */
const CORE_MEGABYTES = 1_769;

/** What a million events cost. */
export const busyLines = (traffic: readonly StageTraffic[], workload: Workload, prices: Prices): CostLine[] => [
  ...streamLines(traffic, workload, prices),
  ...lambda(traffic, workload, prices),
  ...stateLines(traffic, workload, prices),
  ...sinkLines(traffic, workload, prices),
  logs(traffic, workload, prices),
];

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

/** The state table's. */
export const stateLines = (traffic: readonly StageTraffic[], workload: Workload, prices: Prices): CostLine[] => {
  const { millionWriteUnits, millionReadUnits } = prices.dynamo;
  const commitBytes = (one: StageTraffic) =>
    COMMIT_HEADER_BYTES +
    one.entriesPerCommit * (ENTRY_BYTES + workload.keyBytes) +
    one.keptBytesPerCommit +
    one.outputBytesPerCommit;
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
      const bytes =
        COMMIT_HEADER_BYTES +
        one.entriesPerSnapshot * (ENTRY_BYTES + workload.keyBytes) +
        one.keptBytesPerCommit * SNAPSHOT_COMMITS;
      // Put, and deleted when a later one has taken its place; the pointer is moved.
      return (commitsOf(one) / SNAPSHOT_COMMITS) * (2 * kilobytes(bytes) + 1);
    }),
    workload,
  );
  return [
    millions('DynamoDB', 'commits, with their outputs', writes, 'write units', millionWriteUnits),
    millions('DynamoDB', 'snapshots', snapshots, 'write units', millionWriteUnits),
    millions('DynamoDB', 'catching up', reads, 'read units', millionReadUnits),
  ];
};

/** One beside the slot is in blocks that are deleted later: billed twice. */
const unitsOfCommit = (bytes: number): number => (bytes <= INLINE_BYTES ? kilobytes(bytes) : 1 + 2 * kilobytes(bytes));

export const sinkLines = (traffic: readonly StageTraffic[], workload: Workload, prices: Prices): CostLine[] =>
  traffic.flatMap((stage) =>
    stage.sinks.flatMap(({ sink, rowsPerSecond }): CostLine[] => {
      const rows = perMillion(rowsPerSecond, workload);
      const what = `rows of sink ${sink.id}`;
      if (sink.kind === 'dynamo') {
        const units = rows * kilobytes(workload.rowBytes);
        return [millions('DynamoDB', what, units, 'write units', prices.dynamo.millionWriteUnits)];
      }
      if (sink.kind === 'kinesis') return [rowsIntoStream(what, rows, sink.target, workload, prices)];
      if (sink.kind === 'sqs') {
        const isFifo = sink.target.endsWith('.fifo');
        return [millions('SQS', what, rows, 'messages', isFifo ? prices.sqs.millionFifo : prices.sqs.millionStandard)];
      }
      const objects = rows === 0 ? 0 : perMillion(Math.min(rowsPerSecond, commitsOf(stage)), workload);
      return sink.kind === 's3' ? [millions('S3', what, objects, 'puts', prices.s3.millionPuts)] : [];
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
