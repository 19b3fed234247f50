import { usEast1 } from '../../lib/cost/prices.ts';
import type { Measured } from '../engines/trial.ts';
import { median, medianBy } from '../median.ts';
import type { WorkId } from '../works/work.ts';

/** One engine at one work. Of several rounds the one in the middle, by CPU. */
export interface ResultRow {
  readonly work: WorkId;
  readonly engine: string;
  readonly events: number;
  readonly eventsPerSecond: number;
  /** Of the whole process, user and system, all threads. */
  readonly cpuMicrosPerEvent: number;
  /** The same of each round, in their order. */
  readonly cpuMicrosOfRounds: readonly number[];
  /** The same for each stage. */
  readonly partMicrosPerEvent?: Readonly<Record<string, number>>;
  /** To DynamoDB; `null` for engines that store nothing outside of their machine. */
  readonly requestsPer1000: number | null;
  /** Those of them that read. */
  readonly readsPer1000: number | null;
  readonly writeUnitsPer1000: number | null;
  readonly readUnitsPer1000: number | null;
  /** Units of DynamoDB and puts between stages, at list prices of us-east-1. Without what computes: Lambda, or a cluster. */
  readonly usdPerMillion: number | null;
  /** Whether the rows are those of the loop, and the loop's those of DuckDB; `null` where there is nothing to compare with. */
  readonly resultsEqual: boolean | null;
}

/** An engine that does not appear, or not with every work. */
export interface Absence {
  readonly engine: string;
  readonly work?: WorkId;
  readonly why: string;
}

/** `latest.json`. */
export interface Results {
  readonly startedAt: string;
  readonly machine: { readonly processor: string; readonly cores: number; readonly node: string };
  readonly seed: number;
  readonly rounds: number;
  readonly rows: readonly ResultRow[];
  /** Not run, since something is missing. */
  readonly skipped: readonly Absence[];
  readonly failed: readonly Absence[];
}

export const rowOf = (
  work: WorkId,
  engine: string,
  events: number,
  rounds: readonly Measured[],
  resultsEqual: boolean | null,
): ResultRow => {
  const { wallMs, cpuMicros, parts, traffic } = medianBy(rounds, (round) => round.cpuMicros);
  const { dynamo, kinesis } = usEast1;
  const counted = traffic === undefined || traffic.events === 0 ? undefined : traffic;
  const per1000 = (count: number | undefined) =>
    counted === undefined || count === undefined ? null : rounded((count / counted.events) * 1_000);
  return {
    work,
    engine,
    events,
    eventsPerSecond: Math.round(events / (wallMs / 1_000)),
    cpuMicrosPerEvent: rounded(cpuMicros / events),
    cpuMicrosOfRounds: rounds.map((round) => rounded(round.cpuMicros / events)),
    ...(parts !== undefined && {
      partMicrosPerEvent: Object.fromEntries(
        Object.entries(parts).map(([part, micros]) => [part, rounded(micros / events)]),
      ),
    }),
    requestsPer1000: per1000(counted?.requests),
    readsPer1000: per1000(counted?.reads),
    writeUnitsPer1000: per1000(counted?.writeUnits),
    readUnitsPer1000: per1000(counted?.readUnits),
    // Prices are for a million units, so units for one event cost as many dollars for a million events.
    usdPerMillion:
      counted === undefined
        ? null
        : rounded(
            (counted.writeUnits * dynamo.millionWriteUnits +
              counted.readUnits * dynamo.millionReadUnits +
              counted.putUnits * kinesis.millionPutUnits) /
              counted.events,
          ),
    resultsEqual,
  };
};

/**
 * How many times the CPU of another engine one takes: in each round, when the machine ran as fast for both, and of these the one in
 * the middle.
 */
export const timesCpu = (row: ResultRow, other: ResultRow): number =>
  median(row.cpuMicrosOfRounds.map((micros, round) => micros / (other.cpuMicrosOfRounds[round] as number)));

const significantDigits = 4;

const rounded = (value: number): number => Number(value.toPrecision(significantDigits));
