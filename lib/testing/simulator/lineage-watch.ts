import type { Shard, StreamPort } from '../../connectors/stream-port.ts';
import type { Pipeline } from '../../graph/pipeline.ts';
import { partitionsOf } from '../../runtime/shard-map.ts';
import type { LogWatch } from './log-watch.ts';
import { readAfter } from './read-after.ts';

/** A log's place: everything of its name but the shard, the stream, and the shard. */
interface Place {
  readonly prefix: string;
  readonly stream: string;
  readonly shardId: string;
}

/**
 * Who owns what across splits and merges: a log ends with its seal, when its shard is read to the end; a child begins when
 * all its parents are sealed, above their numbers; no two logs that are not sealed own one key.
 */
export class LineageWatch {
  readonly #streams: StreamPort;
  /** What a shard owns, the first and the last: keys' hashes of a source's stream, partitions of a repartition stream. */
  readonly #rangeOf: (stream: string, shard: Shard) => readonly [bigint, bigint] | undefined;
  readonly #log: (unit: string) => LogWatch;
  readonly #logs: ReadonlyMap<string, LogWatch>;
  readonly #violated: (what: string) => void;

  constructor(
    { plan }: Pipeline,
    streams: StreamPort,
    logs: ReadonlyMap<string, LogWatch>,
    log: (unit: string) => LogWatch,
    violated: (what: string) => void,
  ) {
    this.#streams = streams;
    const sources = new Set(
      plan.stages.filter(({ input }) => input.kind === 'source').map(({ input }) => input.stream),
    );
    this.#rangeOf = (stream, shard) => {
      if (sources.has(stream)) return [shard.hashStart, shard.hashEnd];
      // A shard that is smaller than a partition may own none: then nobody works for it.
      const range = partitionsOf(shard, plan.partitions);
      return range === undefined ? undefined : [BigInt(range.from), BigInt(range.to)];
    };
    this.#logs = logs;
    this.#log = log;
    this.#violated = violated;
  }

  async onSeal(unit: string): Promise<void> {
    const { prefix, stream, shardId } = placeOf(unit);
    const log = this.#log(unit);
    const shards = await this.#streams.listShards(stream);
    const own = shards.find((shard) => shard.shardId === shardId);
    if (own?.open === true) this.#violated(`${unit} was sealed although its shard is open`);
    if (own !== undefined) {
      const { sequenceNumber } = log;
      const page = await readAfter(this.#streams, stream, shardId, sequenceNumber, 1);
      if (page.records.length > 0)
        this.#violated(
          `${unit} was sealed at ${sequenceNumber}, before ${page.records[0]?.sequenceNumber} was processed`,
        );
    }
    for (const child of shards)
      if (child.parentShardIds.includes(shardId) && this.#hasTask(stream, child))
        this.#log(prefix + child.shardId).inherit(log.watermarkMs);
  }

  /** A log's ring is there, and commits may follow. */
  async onReady(unit: string): Promise<void> {
    const { prefix, stream, shardId } = placeOf(unit);
    const log = this.#log(unit);
    const shards = await this.#streams.listShards(stream);
    const own = shards.find((shard) => shard.shardId === shardId);
    if (own === undefined) return;
    for (const parent of own.parentShardIds) {
      if (!shards.some((shard) => shard.shardId === parent && this.#hasTask(stream, shard))) continue;
      const before = this.#logs.get(prefix + parent);
      if (before?.isSealed !== true) this.#violated(`${unit} began although its parent ${parent} is not sealed`);
      else if (log.base < (before.n ?? 0))
        this.#violated(`${unit} begins after ${log.base}; its parent ${parent} ended with ${before.n}`);
      before?.requireDrained(`when its child ${shardId} began`);
    }
    for (const other of shards) {
      if (other.shardId === shardId || !this.#overlap(stream, own, other)) continue;
      const found = this.#logs.get(prefix + other.shardId);
      if (found?.isReady === true && !found.isSealed && !log.isSealed)
        this.#violated(`${unit} and ${other.shardId} own the same keys, and neither is sealed`);
    }
  }

  /** What a log held may be gone from now on: every child has its copy. */
  async onCollected(unit: string): Promise<void> {
    const { prefix, stream, shardId } = placeOf(unit);
    for (const child of await this.#streams.listShards(stream)) {
      if (!child.parentShardIds.includes(shardId) || !this.#hasTask(stream, child)) continue;
      if (this.#logs.get(prefix + child.shardId)?.isReady !== true)
        this.#violated(`${unit} was collected before its child ${child.shardId} began`);
    }
  }

  #hasTask(stream: string, shard: Shard): boolean {
    return this.#rangeOf(stream, shard) !== undefined;
  }

  #overlap(stream: string, one: Shard, other: Shard): boolean {
    const [a, b] = [this.#rangeOf(stream, one), this.#rangeOf(stream, other)];
    return a !== undefined && b !== undefined && a[0] <= b[1] && b[0] <= a[1];
  }
}

export const placeOf = (unit: string): Place => {
  const slash = unit.lastIndexOf('/');
  const shardId = unit.slice(slash + 1);
  const stream = unit.slice(unit.lastIndexOf('/', slash - 1) + 1, unit.lastIndexOf('@'));
  return { prefix: unit.slice(0, slash + 1), stream, shardId };
};
