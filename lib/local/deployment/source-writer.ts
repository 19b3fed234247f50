import { aggregate } from '../../connectors/kpl/aggregate.ts';
import { deaggregate } from '../../connectors/kpl/deaggregate.ts';
import { effectiveHashKey, withinShard } from '../../connectors/kpl/shard-range.ts';
import { putAll } from '../../connectors/put-all.ts';
import type { Aggregation } from '../../connectors/specs.ts';
import type { PutEntry, Shard, StreamPort } from '../../connectors/stream-port.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { type Random, systemRandom } from '../../core/random.ts';
import { MillraceError } from '../../errors/millrace-error.ts';

export interface PutOptions {
  /** Which shard a record goes to. Default: the shards take turns, more or less. */
  readonly partitionKeyOf?: (value: unknown, index: number) => string;
}

// The engine takes small requests gladly; a large one blocks it for everybody.
const RECORDS_PER_REQUEST = 50;
const AGGREGATE_BYTES = 200 * 1024;

/** Puts values into a source's stream as its producers would: JSON, aggregated where the source says so. */
export class SourceWriter {
  readonly #streams: StreamPort;
  readonly #stream: string;
  readonly #aggregation: Aggregation;
  readonly #clock: Clock;
  readonly #random: Random;
  #shards: readonly Shard[] | undefined;
  #count = 0;

  constructor(
    streams: StreamPort,
    stream: string,
    aggregation: Aggregation,
    clock: Clock = systemClock,
    random: Random = systemRandom,
  ) {
    this.#streams = streams;
    this.#stream = stream;
    this.#aggregation = aggregation;
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * Resolves when the stream has them all. Bytes are sent as they are, other values as JSON.
   * @throws MillraceError `STREAM_UNAVAILABLE` (retryable); then a part of them is in the stream
   */
  async put(values: readonly unknown[], { partitionKeyOf }: PutOptions = {}): Promise<void> {
    let left: readonly PutEntry[] = values.map((value, index) => {
      const partitionKey = partitionKeyOf?.(value, index) ?? String(this.#count++);
      return { data: value instanceof Uint8Array ? value : Buffer.from(JSON.stringify(value)), partitionKey };
    });
    while (left.length > 0) left = await this.#send(left);
  }

  /** @returns what has to be sent again, because it came to a shard whose readers drop it */
  async #send(entries: readonly PutEntry[]): Promise<readonly PutEntry[]> {
    const packed = this.#aggregation === 'none' ? entries : await this.#aggregate(entries);
    const taken: { readonly entry: PutEntry; readonly shardId: string }[] = [];
    for (let from = 0; from < packed.length; from += RECORDS_PER_REQUEST) {
      const refusal = await putAll(this.#streams, this.#stream, packed.slice(from, from + RECORDS_PER_REQUEST), {
        clock: this.#clock,
        random: this.#random,
        onTaken: (entry, shardId) => taken.push({ entry, shardId }),
      });
      if (refusal !== undefined) throw this.#unavailable(refusal.count);
    }
    if (this.#aggregation === 'none' || taken.every(({ shardId }) => this.#isKnown(shardId))) return [];
    const shards = await this.#relist();
    // As the KPL does; the other library sends nothing again, and its readers drop nothing.
    return this.#aggregation === 'kpl' ? taken.flatMap(({ entry, shardId }) => strays(entry, shards, shardId)) : [];
  }

  /** An aggregate holds records of one shard only. */
  async #aggregate(entries: readonly PutEntry[]): Promise<readonly PutEntry[]> {
    const shards = (this.#shards ?? (await this.#relist())).filter(({ open }) => open);
    const byShard = Map.groupBy(entries, (entry) => {
      const hashKey = effectiveHashKey(entry);
      return shards.find(({ hashStart, hashEnd }) => hashKey >= hashStart && hashKey <= hashEnd)?.shardId;
    });
    return [...byShard.values()].flatMap((group) => aggregate(group, { maxSizeBytes: AGGREGATE_BYTES }));
  }

  #isKnown(shardId: string): boolean {
    return this.#shards?.some((shard) => shard.open && shard.shardId === shardId) ?? false;
  }

  async #relist(): Promise<readonly Shard[]> {
    this.#shards = await this.#streams.listShards(this.#stream);
    return this.#shards;
  }

  #unavailable(refused: number): MillraceError {
    return new MillraceError(
      'retryable',
      'STREAM_UNAVAILABLE',
      `Stream '${this.#stream}' refused ${refused} records.`,
      {
        fix: 'Send less at a time, or give the stream more shards.',
        fields: { stream: this.#stream, refused },
      },
    );
  }
}

/** User records of an aggregate that are outside of the shard that took it. */
const strays = (entry: PutEntry, shards: readonly Shard[], shardId: string): readonly PutEntry[] => {
  const shard = shards.find((candidate) => candidate.shardId === shardId);
  const inside = (user: PutEntry) => shard !== undefined && withinShard(user, shard.hashStart, shard.hashEnd);
  return (deaggregate(entry) ?? []).filter((user) => !inside(user));
};
