import { hash } from 'node:crypto';
import type { PutEntry, PutOutcome, Shard, StreamDescription } from '../connectors/stream-port.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import { MemoryShard } from './memory-shard.ts';

export const hashSpace = 2n ** 128n;
const keyCacheSize = 65_536;

/** One stream: which shard a key belongs to, and how shards divide and join. */
export class MemoryStream {
  readonly description: StreamDescription;
  #shards: MemoryShard[] = [];
  #open: MemoryShard[] = [];
  #nextShard = 0;
  #lastSequence = 0;
  readonly #sequencePrefix: string;
  /** MD5 costs more than the rest of a put; producers use few keys often. */
  readonly #shardOfKey = new Map<string, MemoryShard>();

  constructor(description: StreamDescription, shardCount: number) {
    this.description = description;
    // 56 digits like Kinesis's, the first never 0, the creation time inside: numbers of a stream made again differ.
    this.#sequencePrefix = `49${String(Math.trunc(description.createdMs)).padStart(16, '0')}`.padEnd(40, '0');
    const count = BigInt(shardCount);
    for (let i = 0n; i < count; i++) {
      this.#add([], (i * hashSpace) / count, ((i + 1n) * hashSpace) / count - 1n);
    }
  }

  append(entry: PutEntry, nowMs: number): PutOutcome {
    const shard = this.#shardFor(entry);
    // Steps of 1 to 7: nobody can see from two numbers whether a record lies between them.
    this.#lastSequence += 1 + ((this.#lastSequence * 5 + 3) % 7);
    const sequenceNumber = this.#sequencePrefix + String(this.#lastSequence).padStart(16, '0');
    const arrivalMs = Math.max(nowMs, shard.lastArrivalMs);
    shard.append({ sequenceNumber, partitionKey: entry.partitionKey, data: entry.data, arrivalMs });
    return { ok: true, shardId: shard.shardId, sequenceNumber };
  }

  listShards(nowMs: number): readonly Shard[] {
    const horizonMs = nowMs - this.description.retentionMs;
    this.#shards = this.#shards.filter((shard) => shard.closedMs === undefined || shard.closedMs >= horizonMs);
    return this.#shards.map((shard) => shard.toShard());
  }

  /** @throws MillraceError `LINEAGE_LOST` (operator) for a shard that never was or whose retention is over */
  shard(shardId: string, nowMs: number): MemoryShard {
    const shard = this.#shards.find((candidate) => candidate.shardId === shardId);
    if (shard === undefined) {
      throw new MillraceError('operator', 'LINEAGE_LOST', `stream ${this.description.name} has no shard ${shardId}`, {
        fix: 'List the shards again: a closed shard leaves the list when its retention is over.',
        fields: { stream: this.description.name, shardId },
      });
    }
    shard.trim(nowMs - this.description.retentionMs);
    return shard;
  }

  forget(): void {
    for (const shard of this.#shards) shard.trim(Number.POSITIVE_INFINITY);
  }

  /** Closes the shard; its two children take what comes from now on. `at` is the second child's first hash. */
  split(shardId: string, at: bigint, nowMs: number): void {
    const parent = this.#openShard(shardId);
    if (at <= parent.hashStart || at > parent.hashEnd) throw this.#invalid(`${at} does not cut ${shardId} in two`);
    this.#close(parent, nowMs);
    this.#add([shardId], parent.hashStart, at - 1n);
    this.#add([shardId], at, parent.hashEnd);
  }

  /** Closes two neighbours; one child takes what comes from now on. */
  merge(shardId: string, adjacentShardId: string, nowMs: number): void {
    const parents = [this.#openShard(shardId), this.#openShard(adjacentShardId)];
    const [low, high] = parents.sort((a, b) => (a.hashStart < b.hashStart ? -1 : 1)) as [MemoryShard, MemoryShard];
    if (low.hashEnd + 1n !== high.hashStart)
      throw this.#invalid(`${shardId} and ${adjacentShardId} are not neighbours`);
    this.#close(low, nowMs);
    this.#close(high, nowMs);
    this.#add([shardId, adjacentShardId], low.hashStart, high.hashEnd);
  }

  #shardFor(entry: PutEntry): MemoryShard {
    if (entry.explicitHashKey !== undefined) return this.#owner(BigInt(entry.explicitHashKey));
    const [only] = this.#open;
    if (only !== undefined && this.#open.length === 1) return only;
    const cached = this.#shardOfKey.get(entry.partitionKey);
    if (cached !== undefined) return cached;
    const shard = this.#owner(BigInt(`0x${hash('md5', entry.partitionKey, 'hex')}`));
    if (this.#shardOfKey.size >= keyCacheSize) this.#shardOfKey.clear();
    this.#shardOfKey.set(entry.partitionKey, shard);
    return shard;
  }

  #owner(hashKey: bigint): MemoryShard {
    const owner = this.#open.find((shard) => shard.hashStart <= hashKey && hashKey <= shard.hashEnd);
    if (owner === undefined) throw this.#invalid(`the hash key ${hashKey} is outside 0 … 2^128 − 1`);
    return owner;
  }

  #openShard(shardId: string): MemoryShard {
    const shard = this.#open.find((candidate) => candidate.shardId === shardId);
    if (shard === undefined) throw this.#invalid(`${shardId} is not an open shard`);
    return shard;
  }

  #add(parentShardIds: readonly string[], hashStart: bigint, hashEnd: bigint): void {
    const shardId = `shardId-${String(this.#nextShard++).padStart(12, '0')}`;
    const shard = new MemoryShard({ shardId, parentShardIds, hashStart, hashEnd });
    this.#shards.push(shard);
    this.#open.push(shard);
  }

  #close(shard: MemoryShard, nowMs: number): void {
    shard.closedMs = nowMs;
    this.#open = this.#open.filter((candidate) => candidate !== shard);
    this.#shardOfKey.clear();
  }

  #invalid(what: string): MillraceError {
    return new MillraceError('input', 'INVALID_ARGUMENT', `stream ${this.description.name}: ${what}`);
  }
}
