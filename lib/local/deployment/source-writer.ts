import { aggregate } from '../../connectors/kpl/aggregate.ts';
import { effectiveHashKey } from '../../connectors/kpl/shard-range.ts';
import type { Aggregation } from '../../connectors/specs.ts';
import type { PutEntry, Shard, StreamPort } from '../../connectors/stream-port.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { MillraceError } from '../../errors/millrace-error.ts';

export interface PutOptions {
  /** Which shard a record goes to. Default: the shards take turns, more or less. */
  readonly partitionKeyOf?: (value: unknown, index: number) => string;
}

// The engine takes small requests gladly; a large one blocks it for everybody.
const RECORDS_PER_REQUEST = 50;
const AGGREGATE_BYTES = 200 * 1024;
const TRIES = 6;
const FIRST_BACKOFF_MS = 50;

/** Puts values into a source's stream as its producers would: JSON, aggregated where the source says so. */
export class SourceWriter {
  readonly #streams: StreamPort;
  readonly #stream: string;
  readonly #aggregation: Aggregation;
  readonly #clock: Clock;
  #shards: readonly Shard[] | undefined;
  #count = 0;

  constructor(streams: StreamPort, stream: string, aggregation: Aggregation, clock: Clock = systemClock) {
    this.#streams = streams;
    this.#stream = stream;
    this.#aggregation = aggregation;
    this.#clock = clock;
  }

  /**
   * Resolves when the stream has them all. Bytes are sent as they are, other values as JSON.
   * @throws MillraceError `STREAM_UNAVAILABLE` (retryable); then a part of them is in the stream
   */
  async put(values: readonly unknown[], { partitionKeyOf }: PutOptions = {}): Promise<void> {
    const entries = values.map((value, index): PutEntry => {
      const partitionKey = partitionKeyOf?.(value, index) ?? String(this.#count++);
      return { data: value instanceof Uint8Array ? value : Buffer.from(JSON.stringify(value)), partitionKey };
    });
    const packed = this.#aggregation === 'none' ? entries : await this.#aggregate(entries);
    for (let from = 0; from < packed.length; from += RECORDS_PER_REQUEST) {
      await this.#putAll(packed.slice(from, from + RECORDS_PER_REQUEST));
    }
  }

  /** An aggregate holds records of one shard only. */
  async #aggregate(entries: readonly PutEntry[]): Promise<readonly PutEntry[]> {
    this.#shards ??= (await this.#streams.listShards(this.#stream)).filter(({ open }) => open);
    const shards = this.#shards;
    const byShard = Map.groupBy(entries, (entry) => {
      const hashKey = effectiveHashKey(entry);
      return shards.find(({ hashStart, hashEnd }) => hashKey >= hashStart && hashKey <= hashEnd)?.shardId;
    });
    return [...byShard.values()].flatMap((group) => aggregate(group, { maxSizeBytes: AGGREGATE_BYTES }));
  }

  async #putAll(entries: readonly PutEntry[]): Promise<void> {
    let left = entries;
    for (let tries = 1; ; tries++) {
      const outcomes = await this.#streams.putRecords(this.#stream, left);
      left = left.filter((_, i) => outcomes[i]?.ok !== true);
      if (left.length === 0) return;
      if (tries === TRIES) {
        throw new MillraceError(
          'retryable',
          'STREAM_UNAVAILABLE',
          `Stream '${this.#stream}' refused ${left.length} records.`,
          {
            fix: 'Send less at a time, or give the stream more shards.',
            fields: { stream: this.#stream, refused: left.length },
          },
        );
      }
      await this.#clock.sleep(FIRST_BACKOFF_MS * 2 ** (tries - 1));
    }
  }
}
