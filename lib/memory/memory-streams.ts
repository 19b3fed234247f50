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
import type { Clock } from '../core/clock.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import { MemoryStream } from './memory-stream.ts';

export interface MemoryStreamOptions {
  /** Open shards at the start; the hash space is cut evenly. Default 1. */
  readonly shards?: number;
  /** Default 24 hours. */
  readonly retentionMs?: number;
  /** Default: now. */
  readonly createdMs?: number;
}

const defaultRetentionMs = 24 * 3_600_000;
const pageBytes = 10 * 1024 * 1024;

/**
 * Kinesis in memory. A call takes effect at once, before its promise is awaited; arrival times are the clock's.
 *
 * @example
 * const streams = new MemoryStreams(clock);
 * streams.createStream('orders', { shards: 2 });
 * await streams.putRecords('orders', [{ partitionKey: 'a', data }]);
 */
export class MemoryStreams implements StreamPort {
  readonly #streams = new Map<string, MemoryStream>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws MillraceError `INVALID_ARGUMENT` (input) if the name is taken or `shards` is not a positive integer */
  createStream(name: string, options: MemoryStreamOptions = {}): void {
    const shards = options.shards ?? 1;
    if (this.#streams.has(name) || !Number.isInteger(shards) || shards < 1) {
      const why = this.#streams.has(name) ? 'the name is taken' : `shards is ${shards}; a positive integer is needed`;
      throw new MillraceError('input', 'INVALID_ARGUMENT', `cannot create stream ${name}: ${why}`);
    }
    const createdMs = options.createdMs ?? this.#clock.nowMs();
    const retentionMs = options.retentionMs ?? defaultRetentionMs;
    this.#streams.set(name, new MemoryStream({ name, createdMs, retentionMs }, shards));
  }

  deleteStream(name: string): void {
    this.#streams.delete(name);
  }

  /** Drops every record there is, as if their retention had passed: for runs whose input does not fit into memory. */
  forget(stream: string): void {
    this.#stream(stream).forget();
  }

  splitShard(stream: string, shardId: string, newStartingHashKey: bigint): void {
    this.#stream(stream).split(shardId, newStartingHashKey, this.#clock.nowMs());
  }

  mergeShards(stream: string, shardId: string, adjacentShardId: string): void {
    this.#stream(stream).merge(shardId, adjacentShardId, this.#clock.nowMs());
  }

  async describe(stream: string): Promise<StreamDescription> {
    return this.#stream(stream).description;
  }

  async listShards(stream: string): Promise<readonly Shard[]> {
    return this.#stream(stream).listShards(this.#clock.nowMs());
  }

  async openReader(stream: string, shardId: string, start: ReadStart): Promise<ShardReader> {
    const place = this.#stream(stream).shard(shardId, this.#clock.nowMs()).placeOf(start);
    return new MemoryShardReader(() => this.#stream(stream), shardId, place, this.#clock);
  }

  async putRecords(stream: string, entries: readonly PutEntry[]): Promise<readonly PutOutcome[]> {
    const target = this.#stream(stream);
    for (const entry of entries) checkRecordBytes(stream, entry);
    const nowMs = this.#clock.nowMs();
    return entries.map((entry) => target.append(entry, nowMs));
  }

  #stream(name: string): MemoryStream {
    const stream = this.#streams.get(name);
    if (stream !== undefined) return stream;
    throw new MillraceError('configuration', 'STREAM_NOT_FOUND', `there is no stream ${name}`, {
      fix: 'Create it, or correct the name.',
      fields: { stream: name, known: [...this.#streams.keys()] },
    });
  }
}

class MemoryShardReader implements ShardReader {
  readonly #stream: () => MemoryStream;
  readonly #shardId: string;
  readonly #clock: Clock;
  #place: number;

  constructor(stream: () => MemoryStream, shardId: string, place: number, clock: Clock) {
    this.#stream = stream;
    this.#shardId = shardId;
    this.#place = place;
    this.#clock = clock;
  }

  async next(limit: number): Promise<ReadPage> {
    const nowMs = this.#clock.nowMs();
    const shard = this.#stream().shard(this.#shardId, nowMs);
    this.#place = Math.max(this.#place, shard.first);
    const records: StreamRecord[] = [];
    let bytes = 0;
    while (records.length < limit && this.#place < shard.end) {
      const record = shard.at(this.#place);
      bytes += record.data.byteLength;
      if (bytes > pageBytes && records.length > 0) break;
      records.push(record);
      this.#place++;
    }
    const atTip = this.#place === shard.end;
    const behindLatestMs = atTip ? 0 : Math.max(1, nowMs - shard.at(this.#place).arrivalMs);
    return { records, behindLatestMs, ended: atTip && shard.closedMs !== undefined };
  }
}
