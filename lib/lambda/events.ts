import type { StreamRecord } from '../connectors/stream-port.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import type { TickRequest } from '../runtime/tick.ts';

export type StageRequest =
  | { readonly kind: 'batch'; readonly shardId: string; readonly records: readonly StreamRecord[] }
  | { readonly kind: 'tick'; readonly tick: TickRequest };

/** What is read of an event that Lambda's mapping for Kinesis sends. */
interface KinesisEventRecord {
  readonly eventID: string;
  readonly kinesis: {
    readonly sequenceNumber: string;
    readonly partitionKey: string;
    readonly data: string;
    readonly approximateArrivalTimestamp: number;
  };
}

/**
 * Tells a Kinesis batch from a tick.
 *
 * @param nowMs a tick's time where it brings none
 * @throws MillraceError `INVALID_ARGUMENT` for anything else, and for records of more than one shard
 */
export const parseEvent = (event: unknown, nowMs: number): StageRequest => {
  if (isTick(event)) return { kind: 'tick', tick: { nowMs, ...instantsOf(event) } };
  const records = (event as { Records?: unknown } | null | undefined)?.Records;
  if (!Array.isArray(records) || records.length === 0 || !records.every(isKinesisRecord)) throw unknownEvent(event);
  const shardId = shardIdOf(records[0] as KinesisEventRecord);
  const prefix = `${shardId}:`;
  if (!records.every(({ eventID }) => eventID.startsWith(prefix))) throw severalShards(records);
  return { kind: 'batch', shardId, records: records.map(toStreamRecord) };
};

const isKinesisRecord = (record: unknown): record is KinesisEventRecord => {
  const { eventID, kinesis } = (record ?? {}) as Partial<KinesisEventRecord>;
  return (
    typeof eventID === 'string' &&
    eventID.includes(':') &&
    typeof kinesis?.sequenceNumber === 'string' &&
    typeof kinesis.data === 'string'
  );
};

const shardIdOf = ({ eventID }: KinesisEventRecord): string => eventID.slice(0, eventID.indexOf(':'));

const toStreamRecord = ({ kinesis }: KinesisEventRecord): StreamRecord => ({
  sequenceNumber: kinesis.sequenceNumber,
  partitionKey: kinesis.partitionKey,
  data: Buffer.from(kinesis.data, 'base64'),
  arrivalMs: Math.round(kinesis.approximateArrivalTimestamp * 1_000),
});

const isTick = (event: unknown): event is Record<string, unknown> =>
  (event as { millrace?: unknown } | null | undefined)?.millrace === 'tick';

const instantsOf = (event: Record<string, unknown>): Partial<TickRequest> => {
  const instants: Record<string, number> = {};
  for (const name of ['nowMs', 'watermarkMs']) {
    const value = event[name];
    if (value === undefined) continue;
    if (!Number.isSafeInteger(value)) throw invalidEvent(`the tick's ${name} is ${String(value)}`);
    instants[name] = value as number;
  }
  return instants;
};

const unknownEvent = (event: unknown): MillraceError => {
  const keys = typeof event === 'object' && event !== null ? Object.keys(event).join(', ') : typeof event;
  return invalidEvent(`the event is neither a Kinesis batch nor a tick; its keys are: ${keys || 'none'}`);
};

const severalShards = (records: readonly KinesisEventRecord[]): MillraceError => {
  const shardIds = [...new Set(records.map(shardIdOf))];
  return invalidEvent(`the batch has records of ${shardIds.length} shards: ${shardIds.join(', ')}`);
};

const invalidEvent = (problem: string): MillraceError =>
  new MillraceError('input', 'INVALID_ARGUMENT', `The function was invoked wrongly: ${problem}.`, {
    fix: "Invoke it by a Kinesis event source mapping, or with { millrace: 'tick', nowMs: <epoch milliseconds> }.",
  });
