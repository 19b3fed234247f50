import type { Shard, StreamPort } from '../connectors/stream-port.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import { partitionsOf } from './shard-map.ts';

/**
 * The shards of a stage's input stream, and which of them follow on which. A shard that owns no logical partition of a
 * repartition stream has no task: nothing is ever sent to it.
 */
export class Ancestry {
  readonly #streams: StreamPort;
  readonly #stream: string;
  readonly #hasTask: (shard: Shard) => boolean;
  #shards: readonly Shard[] = [];

  /** @param partitions of a repartition stream; none for a source stream, each of whose shards has a task */
  constructor(streams: StreamPort, stream: string, partitions: number | undefined) {
    this.#streams = streams;
    this.#stream = stream;
    this.#hasTask = (shard) => partitions === undefined || partitionsOf(shard, partitions) !== undefined;
  }

  async relist(): Promise<void> {
    this.#shards = await this.#streams.listShards(this.#stream);
  }

  /** Open shards that have a task, as of the last listing. */
  get open(): readonly Shard[] {
    return this.#shards.filter((shard) => shard.open && this.#hasTask(shard));
  }

  /** Where the lineage begins, as far as the listing reaches back: shards with a task and without listed parents. */
  get roots(): readonly Shard[] {
    const listed = new Set(this.#shards.map(({ shardId }) => shardId));
    return this.#shards.filter(
      (shard) => this.#hasTask(shard) && !shard.parentShardIds.some((parent) => listed.has(parent)),
    );
  }

  /** @throws MillraceError `STREAM_UNAVAILABLE` where a shard that somebody was given records of is not listed yet */
  async find(shardId: string): Promise<Shard> {
    const shard = await this.#look(shardId);
    if (shard === undefined) throw this.#notYetListed(`${shardId} is not listed`);
    return shard;
  }

  /** @throws MillraceError `LINEAGE_LOST` where a parent is not listed any more */
  async parentsOf(shard: Shard): Promise<readonly Shard[]> {
    const parents = await Promise.all(
      shard.parentShardIds.map(async (parent) => {
        const found = await this.#look(parent);
        if (found !== undefined) return found;
        // Where its child is not there either, the listing is only older than the child.
        const isOld = !this.#shards.some(({ shardId }) => shardId === shard.shardId);
        throw isOld ? this.#notYetListed(`${shard.shardId} is not listed`) : this.#lost(`${parent} is not listed`);
      }),
    );
    return parents.filter(this.#hasTask);
  }

  /** @throws MillraceError `STREAM_UNAVAILABLE` where the listing does not show all of them: they outlive their parent */
  async childrenOf(shard: Shard): Promise<readonly Shard[]> {
    const listed = () => this.#shards.filter(({ parentShardIds }) => parentShardIds.includes(shard.shardId));
    if (!coversRange(listed(), shard)) await this.relist();
    const children = listed();
    if (!coversRange(children, shard))
      throw this.#notYetListed(`${shard.shardId} has ended, and not all its children are listed`);
    return children.filter(this.#hasTask);
  }

  async #look(shardId: string): Promise<Shard | undefined> {
    const known = () => this.#shards.find((shard) => shard.shardId === shardId);
    if (known() === undefined) await this.relist();
    return known();
  }

  /** A listing may be older than what was read from the stream. */
  #notYetListed(what: string): MillraceError {
    return new MillraceError(
      'retryable',
      'STREAM_UNAVAILABLE',
      `Stream '${this.#stream}' has an old listing: ${what}.`,
      {
        fix: 'Nothing: it is listed again.',
      },
    );
  }

  #lost(what: string): MillraceError {
    return new MillraceError(
      'operator',
      'LINEAGE_LOST',
      `Stream '${this.#stream}' does not show how its shards follow on each other: ${what}.`,
      {
        fix: 'A closed shard leaves the list when its retention is over: what was not read by then is lost. Start the job anew with a new state table.',
      },
    );
  }
}

const coversRange = (children: readonly Shard[], { hashStart, hashEnd }: Shard): boolean => {
  let next = hashStart;
  for (const child of [...children].sort((a, b) => (a.hashStart < b.hashStart ? -1 : 1))) {
    if (child.hashStart <= next && child.hashEnd >= next) next = child.hashEnd + 1n;
  }
  return next > hashEnd;
};
