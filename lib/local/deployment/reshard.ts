import {
  type KinesisClient,
  MergeShardsCommand,
  ScalingType,
  SplitShardCommand,
  UpdateShardCountCommand,
} from '@aws-sdk/client-kinesis';
import { toMillraceError } from '../../aws/aws-errors.ts';
import type { Shard, StreamPort } from '../../connectors/stream-port.ts';
import { MillraceError } from '../../errors/millrace-error.ts';
import { untilStreamActive } from '../engines/resources.ts';

/**
 * Changes the shards of a stream as an operator, or Kinesis itself in on-demand mode, does it: nobody who reads or writes
 * the stream is told. Each call resolves when the stream is ACTIVE again.
 */
export class StreamResharder {
  readonly #client: KinesisClient;
  readonly #streams: StreamPort;
  readonly #stream: string;

  constructor(client: KinesisClient, streams: StreamPort, stream: string) {
    this.#client = client;
    this.#streams = streams;
    this.#stream = stream;
  }

  /** @throws MillraceError `INVALID_ARGUMENT` (input), `STREAM_UNAVAILABLE` (retryable) */
  async split(shardId: string, newStartingHashKey?: bigint): Promise<void> {
    const { hashStart, hashEnd } = await this.#openShard(shardId);
    const at = newStartingHashKey ?? hashStart + (hashEnd - hashStart + 1n) / 2n;
    if (at <= hashStart || at > hashEnd) {
      throw this.#refused(
        `${shardId} cannot be split at ${at}`,
        hashStart === hashEnd ? 'It holds a single hash key.' : `Use a hash key from ${hashStart + 1n} to ${hashEnd}.`,
      );
    }
    const input = { StreamName: this.#stream, ShardToSplit: shardId, NewStartingHashKey: String(at) };
    await this.#change(() => this.#client.send(new SplitShardCommand(input)));
  }

  /** @throws MillraceError `INVALID_ARGUMENT` (input), `STREAM_UNAVAILABLE` (retryable) */
  async merge(shardId: string, adjacentShardId: string): Promise<void> {
    const [one, other] = [await this.#openShard(shardId), await this.#openShard(adjacentShardId)];
    if (one.hashEnd + 1n !== other.hashStart && other.hashEnd + 1n !== one.hashStart) {
      throw this.#refused(`${shardId} and ${adjacentShardId} do not meet`, 'Merge shards whose hash ranges meet.');
    }
    const input = { StreamName: this.#stream, ShardToMerge: shardId, AdjacentShardToMerge: adjacentShardId };
    await this.#change(() => this.#client.send(new MergeShardsCommand(input)));
  }

  /** @throws MillraceError `INVALID_ARGUMENT` (input), `STREAM_UNAVAILABLE` (retryable) */
  async updateCount(targetShardCount: number): Promise<void> {
    const { length: count } = (await this.#streams.listShards(this.#stream)).filter(({ open }) => open);
    const [least, most] = [Math.ceil(count / 2), count * 2];
    if (!Number.isInteger(targetShardCount) || targetShardCount < least || targetShardCount > most) {
      throw this.#refused(
        `its ${count} shards cannot become ${targetShardCount}`,
        `Use ${least} … ${most}: at most twice as many at once, and at least half.`,
      );
    }
    const input = { StreamName: this.#stream, TargetShardCount: targetShardCount };
    await this.#change(() =>
      this.#client.send(new UpdateShardCountCommand({ ...input, ScalingType: ScalingType.UNIFORM_SCALING })),
    );
  }

  async #change(call: () => Promise<unknown>): Promise<void> {
    try {
      await call();
      await untilStreamActive(this.#client, this.#stream);
    } catch (error) {
      throw toMillraceError(error, { resource: 'stream', name: this.#stream, effect: 'write' });
    }
  }

  async #openShard(shardId: string): Promise<Shard> {
    const open = (await this.#streams.listShards(this.#stream)).filter((shard) => shard.open);
    const shard = open.find((candidate) => candidate.shardId === shardId);
    if (shard !== undefined) return shard;
    throw this.#refused(
      `${shardId} is not one of its open shards`,
      `Use one of: ${open.map((candidate) => candidate.shardId).join(', ')}.`,
    );
  }

  #refused(why: string, fix: string): MillraceError {
    return new MillraceError('input', 'INVALID_ARGUMENT', `Stream '${this.#stream}': ${why}.`, {
      fix,
      fields: { stream: this.#stream },
    });
  }
}
