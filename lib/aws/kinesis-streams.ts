import {
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type GetShardIteratorCommandInput,
  type KinesisClient,
  ListShardsCommand,
  PutRecordsCommand,
  type Shard as WireShard,
} from '@aws-sdk/client-kinesis';
import { checkRecordBytes } from '../connectors/record-size.ts';
import type {
  PutEntry,
  PutOutcome,
  ReadPage,
  ReadStart,
  Shard,
  ShardReader,
  StreamDescription,
  StreamPort,
  StreamRecord,
} from '../connectors/stream-port.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { errorName, toMillraceError } from './aws-errors.ts';

export interface KinesisStreamsOptions {
  readonly client: KinesisClient;
  /** Tells when a reader at the tip was opened, should its iterator expire before the first record. */
  readonly clock?: Clock;
}

const recordsPerRequest = 500;
// The SDK in use documents 10 MiB, most other documentation 5 MiB: the smaller one is right under both.
const bytesPerRequest = 5 * 1024 * 1024;
const maxPageRecords = 10_000;
// The service cuts pages by bytes too (10 MB); a guess well below that, as engines may cut earlier.
const smallestPageCutBytes = 1_000_000;
const msPerHour = 3_600_000;

/**
 * Kinesis streams over the SDK.
 *
 * @example
 * const streams = new KinesisStreams({ client: createClients().kinesis });
 * const reader = await streams.openReader('orders', 'shardId-000000000000', { at: 'trim-horizon' });
 * const { records } = await reader.next(1_000);
 */
export class KinesisStreams implements StreamPort {
  readonly #client: KinesisClient;
  readonly #clock: Clock;

  constructor(options: KinesisStreamsOptions) {
    this.#client = options.client;
    this.#clock = options.clock ?? systemClock;
  }

  async describe(stream: string): Promise<StreamDescription> {
    const answer = await attempt(stream, 'read', () =>
      this.#client.send(new DescribeStreamSummaryCommand({ StreamName: stream })),
    );
    const summary = answer.StreamDescriptionSummary;
    return {
      name: stream,
      createdMs: summary?.StreamCreationTimestamp?.getTime() ?? 0,
      retentionMs: (summary?.RetentionPeriodHours ?? 24) * msPerHour,
    };
  }

  async listShards(stream: string): Promise<readonly Shard[]> {
    const shards: Shard[] = [];
    let NextToken: string | undefined;
    do {
      // The service takes a stream's name or a token, never both.
      const input = NextToken === undefined ? { StreamName: stream } : { NextToken };
      const answer = await attempt(stream, 'read', () => this.#client.send(new ListShardsCommand(input)));
      shards.push(...(answer.Shards ?? []).map(toShard));
      NextToken = answer.NextToken;
    } while (NextToken !== undefined);
    return shards.sort((a, b) => (a.shardId < b.shardId ? -1 : 1));
  }

  async openReader(stream: string, shardId: string, start: ReadStart): Promise<ShardReader> {
    const openedMs = this.#clock.nowMs();
    const iterator = await openIterator(this.#client, stream, shardId, start);
    return new KinesisShardReader({ client: this.#client, stream, shardId, start, openedMs, iterator });
  }

  async putRecords(stream: string, entries: readonly PutEntry[]): Promise<readonly PutOutcome[]> {
    const outcomes: PutOutcome[] = [];
    // One request after the other: entries of one shard keep their order as long as none fails.
    for (const part of requestsOf(stream, entries)) {
      const Records = part.map(({ data, partitionKey, explicitHashKey }) => ({
        Data: data,
        PartitionKey: partitionKey,
        ...(explicitHashKey === undefined ? {} : { ExplicitHashKey: explicitHashKey }),
      }));
      const answer = await attempt(stream, 'write', () =>
        this.#client.send(new PutRecordsCommand({ StreamName: stream, Records })),
      );
      for (const record of answer.Records ?? []) {
        const { ErrorCode: code, ShardId: shardId = '', SequenceNumber: sequenceNumber = '' } = record;
        outcomes.push(code === undefined ? { ok: true, shardId, sequenceNumber } : { ok: false, code });
      }
    }
    return outcomes;
  }
}

interface ReaderState {
  readonly client: KinesisClient;
  readonly stream: string;
  readonly shardId: string;
  readonly start: ReadStart;
  readonly openedMs: number;
  /** `undefined` when the shard is closed and was read to its end. */
  iterator: string | undefined;
  lastSequenceNumber?: string;
}

class KinesisShardReader implements ShardReader {
  readonly #state: ReaderState;

  constructor(state: ReaderState) {
    this.#state = state;
  }

  async next(limit: number): Promise<ReadPage> {
    const state = this.#state;
    if (state.iterator === undefined) return { records: [], behindLatestMs: 0, ended: true };
    const Limit = Math.min(limit, maxPageRecords);
    const answer = await attempt(state.stream, 'read', () => this.#getRecords(Limit));
    const records = (answer.Records ?? []).map(
      (record): StreamRecord => ({
        sequenceNumber: record.SequenceNumber ?? '',
        partitionKey: record.PartitionKey ?? '',
        data: record.Data ?? new Uint8Array(),
        arrivalMs: record.ApproximateArrivalTimestamp?.getTime() ?? 0,
      }),
    );
    const last = records.at(-1);
    if (last !== undefined) state.lastSequenceNumber = last.sequenceNumber;
    // An empty text, too, stands for "none": emulators differ.
    state.iterator = answer.NextShardIterator || undefined;
    const ended = state.iterator === undefined;
    const behindMs = answer.MillisBehindLatest ?? 0;
    return { records, behindLatestMs: ended || !mayBeCut(records, Limit) ? behindMs : Math.max(1, behindMs), ended };
  }

  async #getRecords(Limit: number) {
    const { client, iterator } = this.#state;
    try {
      return await client.send(new GetRecordsCommand({ ShardIterator: iterator, Limit }));
    } catch (error) {
      if (errorName(error) !== 'ExpiredIteratorException') throw error;
      const ShardIterator = await this.#renew();
      return await client.send(new GetRecordsCommand({ ShardIterator, Limit }));
    }
  }

  /** An iterator lives five minutes. */
  #renew(): Promise<string | undefined> {
    const { client, stream, shardId, start, openedMs, lastSequenceNumber } = this.#state;
    if (lastSequenceNumber !== undefined) {
      return openIterator(client, stream, shardId, { at: 'after', sequenceNumber: lastSequenceNumber });
    }
    // "Latest" now is not the "latest" the reader was opened at: what came between would be skipped.
    const again: ReadStart = start.at === 'latest' ? { at: 'timestamp', timestampMs: openedMs } : start;
    return openIterator(client, stream, shardId, again);
  }
}

/**
 * An engine that measures the distance between arrival times says 0 in the middle of records that arrived together. Only
 * a page with room left is believed; at worst the tip costs one more, empty page.
 */
const mayBeCut = (records: readonly StreamRecord[], limit: number): boolean => {
  let bytes = 0;
  for (const record of records) bytes += record.data.byteLength;
  return records.length >= limit || bytes >= smallestPageCutBytes;
};

const openIterator = async (client: KinesisClient, StreamName: string, ShardId: string, start: ReadStart) => {
  const input = { StreamName, ShardId, ...iteratorStart(start) };
  return (await attempt(StreamName, 'read', () => client.send(new GetShardIteratorCommand(input)))).ShardIterator;
};

type IteratorStart = Pick<GetShardIteratorCommandInput, 'ShardIteratorType' | 'Timestamp' | 'StartingSequenceNumber'>;

const iteratorStart = (start: ReadStart): IteratorStart => {
  if (start.at === 'trim-horizon') return { ShardIteratorType: 'TRIM_HORIZON' };
  if (start.at === 'latest') return { ShardIteratorType: 'LATEST' };
  if (start.at === 'timestamp') {
    return { ShardIteratorType: 'AT_TIMESTAMP', Timestamp: new Date(start.timestampMs) };
  }
  return { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber: start.sequenceNumber };
};

const toShard = (shard: WireShard): Shard => ({
  shardId: shard.ShardId ?? '',
  parentShardIds: [shard.ParentShardId, shard.AdjacentParentShardId].filter((id) => id !== undefined && id !== null),
  hashStart: BigInt(shard.HashKeyRange?.StartingHashKey ?? 0),
  hashEnd: BigInt(shard.HashKeyRange?.EndingHashKey ?? 0),
  open: shard.SequenceNumberRange?.EndingSequenceNumber === undefined,
});

/** Entries in their order, cut where a request would exceed a limit. */
function* requestsOf(stream: string, entries: readonly PutEntry[]): Generator<readonly PutEntry[]> {
  const sizes = entries.map((entry) => checkRecordBytes(stream, entry));
  let part: PutEntry[] = [];
  let bytes = 0;
  for (const [i, entry] of entries.entries()) {
    const size = sizes[i] as number;
    if (part.length === recordsPerRequest || (part.length > 0 && bytes + size > bytesPerRequest)) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(entry);
    bytes += size;
  }
  if (part.length > 0) yield part;
}

const attempt = async <T>(stream: string, effect: 'read' | 'write', call: () => Promise<T>): Promise<T> => {
  try {
    return await call();
  } catch (error) {
    throw toMillraceError(error, { resource: 'stream', name: stream, effect });
  }
};
