import type { LpRange } from '../commit/marks.ts';
import type { Shard, StreamPort } from '../connectors/stream-port.ts';
import { hashRangeOf } from '../core/hash.ts';
import { MillraceError } from '../errors/millrace-error.ts';

/** A shard and the logical partitions it owns: those whose range begins in the shard's. */
export interface ShardPartitions {
  readonly shardId: string;
  readonly range: LpRange;
}

/** The partitions that begin in a shard's hash range; `undefined` for a shard too small to own one. */
export const partitionsOf = (shard: Pick<Shard, 'hashStart' | 'hashEnd'>, partitions: number): LpRange | undefined => {
  const size = (1n << 128n) / BigInt(partitions);
  const from = Number((shard.hashStart + size - 1n) / size);
  const to = Number(shard.hashEnd / size);
  return from <= to ? { from, to } : undefined;
};

/** The same, as a range that may be empty. */
export const ownedBy = (shard: Pick<Shard, 'hashStart' | 'hashEnd'>, partitions: number): LpRange =>
  partitionsOf(shard, partitions) ?? { from: 1, to: 0 };

/** The hash key that lands a packet in the shard that owns `lp`. */
export const explicitHashKeyOf = (lp: number, partitions: number): string => String(hashRangeOf(lp, partitions).start);

/**
 * Which open shard owns which partitions of a repartition stream. It may be stale: then a packet lands in a shard that
 * does not own it, and is relayed from there, and the answer to the put tells the sender to look again.
 */
export class ShardMap {
  readonly #streams: StreamPort;
  readonly #partitions: number;
  readonly #known = new Map<string, readonly ShardPartitions[]>();
  readonly #stale = new Set<string>();

  constructor(streams: StreamPort, partitions: number) {
    this.#streams = streams;
    this.#partitions = partitions;
  }

  async load(stream: string): Promise<readonly ShardPartitions[]> {
    const known = this.#known.get(stream);
    if (known !== undefined && !this.#stale.has(stream)) return known;
    const shards = await this.#streams.listShards(stream);
    const map = shards
      .filter((shard) => shard.open)
      .flatMap((shard) => {
        const range = partitionsOf(shard, this.#partitions);
        return range === undefined ? [] : [{ shardId: shard.shardId, range }];
      })
      .sort((a, b) => a.range.from - b.range.from);
    // Packets for a hole would be sent to nobody, and count as sent.
    const covered = map.reduce((next, { range }) => (range.from === next ? range.to + 1 : Number.NaN), 0);
    if (covered !== this.#partitions) {
      throw new MillraceError(
        'retryable',
        'STREAM_UNAVAILABLE',
        `Stream '${stream}' lists ${map.length} open shards that do not cover every key once.`,
        { fix: 'Wait until the stream is ACTIVE.' },
      );
    }
    this.#known.set(stream, map);
    this.#stale.delete(stream);
    return map;
  }

  /** The shards as of the last `load`. */
  current(stream: string): readonly ShardPartitions[] {
    return this.#known.get(stream) ?? [];
  }

  /** Shards that records were put into: one that is not on the map shows that the stream was resharded. */
  noteShards(stream: string, shardIds: readonly string[]): void {
    const known = new Set(this.current(stream).map(({ shardId }) => shardId));
    if (shardIds.some((shardId) => !known.has(shardId))) this.forget(stream);
  }

  /** The next `load` lists a stream's shards anew, after something that shows that they may have changed. */
  forget(stream: string): void {
    this.#stale.add(stream);
  }
}
