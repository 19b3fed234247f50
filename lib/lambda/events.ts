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
  if (!Array.isArray(records) || !isKinesisRecord(records[0]) || !namesShard(records[0])) throw unknownEvent(event);
  const shardId = shardIdOf(records[0]);
  const prefix = `${shardId}:`;
  // Thousands of records that are in no cache: each is looked at once.
  let isOneShard = true;
  const delivered = records.map((record: unknown) => {
    if (!isKinesisRecord(record)) throw unknownEvent(event);
    isOneShard &&= record.eventID.startsWith(prefix);
    return new DeliveredRecord(record.kinesis);
  });
  if (!isOneShard) throw records.every(namesShard) ? severalShards(records) : unknownEvent(event);
  return { kind: 'batch', shardId, records: delivered };
};

/** Its bytes are decoded when they are asked for: most records are read together, from their base64. */
class DeliveredRecord implements StreamRecord {
  readonly sequenceNumber: string;
  readonly partitionKey: string;
  readonly base64: string;
  readonly arrivalMs: number;
  #data: Buffer | undefined;

  constructor({ sequenceNumber, partitionKey, data, approximateArrivalTimestamp }: KinesisEventRecord['kinesis']) {
    this.sequenceNumber = sequenceNumber;
    this.partitionKey = partitionKey;
    this.base64 = data;
    this.arrivalMs = Math.round(approximateArrivalTimestamp * 1_000);
  }

  get data(): Buffer {
    this.#data ??= Buffer.from(this.base64, 'base64');
    return this.#data;
  }
}

const isKinesisRecord = (record: unknown): record is KinesisEventRecord => {
  const { eventID, kinesis } = (record ?? {}) as Partial<KinesisEventRecord>;
  return typeof eventID === 'string' && typeof kinesis?.sequenceNumber === 'string' && typeof kinesis.data === 'string';
};

const namesShard = ({ eventID }: KinesisEventRecord): boolean => eventID.includes(':');

const shardIdOf = ({ eventID }: KinesisEventRecord): string => eventID.slice(0, eventID.indexOf(':'));

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
