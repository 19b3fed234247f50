import type { Shard } from '../../connectors/stream-port.ts';
import type { Random } from '../../core/random.ts';
import type { MemoryStreams } from '../../memory/memory-streams.ts';

/** More open shards than this make a run long and show nothing new. */
const MAX_OPEN = 6;

interface Place {
  readonly stream: string;
  readonly shardId: string;
}

/** Splits and merges shards, unannounced, and remembers how each stream was listed before. */
export class Resharding {
  readonly #streams: MemoryStreams;
  readonly #names: readonly string[];
  readonly #listings = new Map<string, (readonly Shard[])[]>();
  /** Changes of any stream so far. */
  changes = 0;
  #attractive: Place | undefined;

  constructor(streams: MemoryStreams, names: readonly string[]) {
    this.#streams = streams;
    this.#names = names;
  }

  /** A shard whose task is in a state that a reshard seldom meets by chance: one that comes soon had better be there. */
  attract(place: Place): void {
    this.#attractive = place;
  }

  get isAttracted(): boolean {
    return this.#attractive !== undefined;
  }

  /** Listings that were true once, the oldest first. */
  before(stream: string): readonly (readonly Shard[])[] {
    return this.#listings.get(stream) ?? [];
  }

  /** @returns what was done, as a sentence; undefined where nothing can be */
  async split(random: Random, stream = this.#any(random)): Promise<string | undefined> {
    const all = await this.#streams.listShards(stream);
    const open = all.filter((shard) => shard.open);
    return this.#splitOf(random, stream, all, open[below(random, open.length)]);
  }

  /** Splits the shard that attracts it, if it is still open. */
  async splitAttractive(random: Random): Promise<string | undefined> {
    const { stream, shardId } = this.#attractive as Place;
    this.#attractive = undefined;
    const all = await this.#streams.listShards(stream);
    return this.#splitOf(
      random,
      stream,
      all,
      all.find((shard) => shard.open && shard.shardId === shardId),
    );
  }

  #splitOf(random: Random, stream: string, all: readonly Shard[], shard: Shard | undefined): string | undefined {
    const open = all.filter((one) => one.open);
    if (shard === undefined || open.length >= MAX_OPEN) return undefined;
    const at = cut(random, shard);
    if (at <= shard.hashStart || at > shard.hashEnd) return undefined;
    this.#streams.splitShard(stream, shard.shardId, at);
    this.#remember(stream, all);
    return `${stream} ${shard.shardId} is split`;
  }

  /** @returns what was done, as a sentence; undefined where nothing can be */
  async merge(random: Random, stream = this.#any(random)): Promise<string | undefined> {
    const all = await this.#streams.listShards(stream);
    const open = all.filter((shard) => shard.open).sort((a, b) => (a.hashStart < b.hashStart ? -1 : 1));
    const left = below(random, open.length - 1);
    const [low, high] = [open[left], open[left + 1]];
    if (low === undefined || high === undefined) return undefined;
    this.#streams.mergeShards(stream, low.shardId, high.shardId);
    this.#remember(stream, all);
    return `${stream} ${low.shardId} and ${high.shardId} are merged`;
  }

  /** What UpdateShardCount, or a stream on demand, does: several at once. */
  async scale(random: Random): Promise<string | undefined> {
    const stream = this.#any(random);
    const isUp = random.fraction() < 0.5;
    const done: string[] = [];
    for (let i = 0; i < 3; i++) {
      const one = await (isUp ? this.split(random, stream) : this.merge(random, stream));
      if (one !== undefined) done.push(one);
    }
    return done.length === 0 ? undefined : done.join('; ');
  }

  #any(random: Random): string {
    return this.#names[below(random, this.#names.length)] as string;
  }

  #remember(stream: string, listing: readonly Shard[]): void {
    this.changes++;
    this.#listings.set(stream, [...this.before(stream), listing]);
  }
}

/** In the middle, or anywhere: also within a logical partition, and so that a shard owns none. */
const cut = (random: Random, { hashStart, hashEnd }: Shard): bigint => {
  const size = hashEnd - hashStart + 1n;
  if (random.fraction() < 0.6) return hashStart + size / 2n;
  return hashStart + (size * BigInt(below(random, 1_000_000))) / 1_000_000n;
};

const below = (random: Random, count: number): number => Math.floor(random.fraction() * count);
