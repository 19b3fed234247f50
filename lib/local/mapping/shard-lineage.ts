import type { ReadStart, Shard } from '../../connectors/stream-port.ts';
import type { MappingParts } from './mapping-parts.ts';
import { ShardPoller } from './shard-poller.ts';

/** The shards that a mapping knows, from the first listing on, and which of them may be read: parents come first. */
export class ShardLineage {
  readonly #parts: MappingParts;
  readonly #maximumAgeMs: number;
  readonly #pollers = new Map<string, ShardPoller>();
  #listed = false;

  constructor(parts: MappingParts, maximumAgeMs: number) {
    this.#parts = parts;
    this.#maximumAgeMs = maximumAgeMs;
  }

  get pollers(): readonly ShardPoller[] {
    return [...this.#pollers.values()];
  }

  /** Takes a listing in; shards of the first one begin where the mapping begins, later ones at their own beginning. */
  async update(shards: readonly Shard[]): Promise<void> {
    const first = !this.#listed;
    const start = first ? this.#firstStart() : ({ at: 'trim-horizon' } as const);
    for (const shard of shards) {
      if (this.#pollers.has(shard.shardId)) continue;
      const poller = new ShardPoller(this.#parts, shard, start, this.#maximumAgeMs);
      // LATEST is the moment of the mapping's start, not of the first read.
      if (start.at === 'latest') await poller.open();
      this.#pollers.set(shard.shardId, poller);
    }
    this.#listed = true;
    this.#forgetGone(shards);
  }

  /** Shards that are not read yet and whose parents are done, or no longer known to the stream. */
  startable(): readonly ShardPoller[] {
    const mayStart = ({ shard }: ShardPoller) =>
      shard.parentShardIds.every((parentId) => this.#pollers.get(parentId)?.done ?? true);
    return this.pollers.filter((poller) => !poller.done && !poller.running && mayStart(poller));
  }

  #firstStart(): ReadStart {
    const { startingPosition, startingPositionTimestampMs: timestampMs } = this.#parts.options;
    if (startingPosition === 'LATEST') return { at: 'latest' };
    if (startingPosition === 'AT_TIMESTAMP') return { at: 'timestamp', timestampMs: timestampMs ?? 0 };
    return { at: 'trim-horizon' };
  }

  #forgetGone(shards: readonly Shard[]): void {
    const listed = new Set(shards.map(({ shardId }) => shardId));
    for (const [shardId, poller] of this.#pollers)
      if (poller.done && !listed.has(shardId)) this.#pollers.delete(shardId);
  }
}
