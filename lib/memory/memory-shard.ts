import { compareSequenceNumbers } from '../connectors/sequence-number.ts';
import type { ReadStart, Shard, StreamRecord } from '../connectors/stream-port.ts';
import { firstWhere } from '../core/first-where.ts';

/** How many trimmed records are kept in front of the array before it is cut: cutting every time would be quadratic. */
const trimSlack = 4_096;

/** One shard's records. Places are counted from the shard's first record ever, so that trimming moves no reader. */
export class MemoryShard {
  readonly shardId: string;
  readonly parentShardIds: readonly string[];
  readonly hashStart: bigint;
  readonly hashEnd: bigint;
  /** When it was split or merged away. */
  closedMs: number | undefined;
  #records: StreamRecord[] = [];
  #cut = 0;
  #first = 0;

  constructor(shard: Omit<Shard, 'open'>) {
    this.shardId = shard.shardId;
    this.parentShardIds = shard.parentShardIds;
    this.hashStart = shard.hashStart;
    this.hashEnd = shard.hashEnd;
  }

  get end(): number {
    return this.#cut + this.#records.length;
  }

  /** The place of the oldest record that is still there. */
  get first(): number {
    return this.#first;
  }

  get lastArrivalMs(): number {
    return this.#records.at(-1)?.arrivalMs ?? Number.NEGATIVE_INFINITY;
  }

  append(record: StreamRecord): void {
    this.#records.push(record);
  }

  at(place: number): StreamRecord {
    return this.#records[place - this.#cut] as StreamRecord;
  }

  /** Forgets what arrived before `horizonMs`. */
  trim(horizonMs: number): void {
    while (this.#first < this.end && this.at(this.#first).arrivalMs < horizonMs) this.#first++;
    if (this.#first - this.#cut < trimSlack) return;
    this.#records = this.#records.slice(this.#first - this.#cut);
    this.#cut = this.#first;
  }

  placeOf(start: ReadStart): number {
    if (start.at === 'trim-horizon') return this.#first;
    if (start.at === 'latest') return this.end;
    if (start.at === 'timestamp') return this.#search((record) => record.arrivalMs >= start.timestampMs);
    return this.#search((record) => compareSequenceNumbers(record.sequenceNumber, start.sequenceNumber) > 0);
  }

  toShard(): Shard {
    const { shardId, parentShardIds, hashStart, hashEnd } = this;
    return { shardId, parentShardIds, hashStart, hashEnd, open: this.closedMs === undefined };
  }

  /** The first place whose record satisfies what all later ones satisfy too. */
  #search(reached: (record: StreamRecord) => boolean): number {
    return firstWhere(this.#first, this.end, (place) => reached(this.at(place)));
  }
}
