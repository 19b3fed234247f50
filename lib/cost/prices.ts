/**
 * List prices of one region, US dollars, without free tiers, discounts and taxes. They change a few times a year: what is
 * estimated with them says their date.
 */
export interface Prices {
  readonly region: string;
  /** When they were looked up: `2026-11`. */
  readonly asOf: string;
  readonly kinesis: {
    readonly shardHour: number;
    /** A record, for each 25 KB of it begun. */
    readonly millionPutUnits: number;
    readonly fanOutShardHour: number;
    readonly fanOutGigabyte: number;
    /** Of streams on demand. In and out: for each KB of a record begun. */
    readonly onDemand: {
      readonly streamHour: number;
      readonly gigabyteIn: number;
      readonly gigabyteOut: number;
      /** Out, by enhanced fan-out. */
      readonly fanOutGigabyte: number;
    };
  };
  readonly lambda: { readonly millionRequests: number; readonly armGigabyteSecond: number };
  readonly dynamo: {
    /** On demand: a write, for each 1 KB of the item begun. */
    readonly millionWriteUnits: number;
    /** On demand: a strong read, for each 4 KB begun. */
    readonly millionReadUnits: number;
  };
  readonly sqs: { readonly millionStandard: number; readonly millionFifo: number };
  readonly s3: { readonly millionPuts: number };
  readonly cloudWatch: { readonly logGigabyte: number; readonly alarmMonth: number };
}

/** N. Virginia. */
export const usEast1: Prices = {
  region: 'us-east-1',
  asOf: '2026-11',
  kinesis: {
    shardHour: 0.015,
    millionPutUnits: 0.014,
    fanOutShardHour: 0.015,
    fanOutGigabyte: 0.013,
    onDemand: { streamHour: 0.04, gigabyteIn: 0.08, gigabyteOut: 0.04, fanOutGigabyte: 0.05 },
  },
  lambda: { millionRequests: 0.2, armGigabyteSecond: 0.0000133334 },
  dynamo: { millionWriteUnits: 0.625, millionReadUnits: 0.125 },
  sqs: { millionStandard: 0.4, millionFifo: 0.5 },
  s3: { millionPuts: 5 },
  cloudWatch: { logGigabyte: 0.5, alarmMonth: 0.1 },
};
