import type { StreamRecord } from '../../connectors/stream-port.ts';
import type { Pipeline } from '../../graph/pipeline.ts';
import type { Ending } from './process.ts';
import { shardName, type World } from './world.ts';

/** How far the mapping of one stage has come on one shard. */
export interface Cursor {
  readonly stage: string;
  readonly stream: string;
  readonly shardId: string;
  /** The last record that was acknowledged. */
  after: string | undefined;
  /** Where it was before the last acknowledgement. */
  before: string | undefined;
  /** The invocation whose answer the mapping waits for. */
  waitsFor: number | undefined;
  /** Invocations of the shard that have not ended. */
  running: number;
  /** The shard is closed, and all of it is acknowledged. */
  ended: boolean;
  /** The last invocation failed. */
  failed: boolean;
  /** Of a mapping that should not be there beside the first one. */
  readonly isSecond: boolean;
}

/**
 * What a stream and its event source mappings do: hand out the records of each shard in order, until they are
 * acknowledged. A shard that came from others begins when those have ended.
 */
export class Mapping {
  readonly cursors: Cursor[] = [];
  readonly #world: World;
  readonly #stages: readonly { readonly stage: string; readonly stream: string }[];
  #deliveries = 0;
  #hasNews = true;
  #changesSeen = 0;

  private constructor(pipeline: Pipeline, world: World) {
    this.#world = world;
    this.#stages = pipeline.plan.stages.map(({ id, input }) => ({ stage: id, stream: input.stream }));
  }

  static async open(pipeline: Pipeline, world: World): Promise<Mapping> {
    const mapping = new Mapping(pipeline, world);
    await mapping.discover(() => false);
    return mapping;
  }

  /** There may be shards to begin with, which have no cursor yet. */
  get hasNews(): boolean {
    return this.#hasNews || this.#world.resharding.changes !== this.#changesSeen;
  }

  /** Begins with shards whose parents have ended; `early`: with one whose parents have not. */
  async discover(early: () => boolean): Promise<void> {
    const { changes } = this.#world.resharding;
    if (!this.hasNews) return;
    let isLeft = false;
    for (const { stage, stream } of this.#stages) {
      const own = new Map(
        this.cursors.filter((one) => one.stage === stage && !one.isSecond).map((one) => [one.shardId, one]),
      );
      const shards = await this.#world.streams.listShards(stream);
      const listed = new Set(shards.map(({ shardId }) => shardId));
      for (const { shardId, parentShardIds } of shards) {
        if (own.has(shardId)) continue;
        const isNext = parentShardIds.every((parent) => !listed.has(parent) || own.get(parent)?.ended === true);
        if (isNext || early()) this.cursors.push(newCursor(stage, stream, shardId));
        else isLeft = true;
      }
    }
    this.#changesSeen = changes;
    this.#hasNews = isLeft;
  }

  /** What comes next. A retry may have other boundaries. */
  async nextBatch(cursor: Cursor, size: number): Promise<readonly StreamRecord[]> {
    const { records, ended } = await this.#world.read(cursor.stream, cursor.shardId, cursor.after, size);
    if (records.length === 0 && ended && !cursor.ended) {
      cursor.ended = true;
      this.#hasNews = true;
    }
    return records;
  }

  begin(cursor: Cursor): number {
    cursor.running++;
    cursor.waitsFor = ++this.#deliveries;
    return cursor.waitsFor;
  }

  /** Takes the answer of an invocation, if nobody took its place. */
  end(cursor: Cursor, delivery: number, batch: readonly StreamRecord[], ending: Ending): void {
    cursor.running--;
    if (cursor.waitsFor !== delivery) return;
    cursor.waitsFor = undefined;
    cursor.failed = ending.kind !== 'done';
    if (ending.kind !== 'done') return;
    const { next } = ending;
    const done = next === undefined ? batch.length : batch.findIndex((record) => record.sequenceNumber === next);
    if (done <= 0) return;
    cursor.before = cursor.after;
    cursor.after = (batch[done - 1] as StreamRecord).sequenceNumber;
  }

  /** Forgets the last acknowledgement: its records come again. */
  stepBack(cursor: Cursor): void {
    cursor.after = cursor.before;
  }

  /** Goes on elsewhere: nothing in between is delivered by this mapping. */
  move(cursor: Cursor, after: string | undefined): void {
    cursor.before = undefined;
    cursor.after = after;
    cursor.ended = false;
    cursor.failed = false;
  }

  /** A second mapping begins with the shard. */
  addSecond({ stage, stream, shardId }: Cursor): void {
    this.cursors.push({ ...newCursor(stage, stream, shardId), isSecond: true });
  }

  async hasWork(): Promise<boolean> {
    await this.discover(() => false);
    for (const cursor of this.cursors) if ((await this.nextBatch(cursor, 1)).length > 0) return true;
    return this.hasNews;
  }
}

const newCursor = (stage: string, stream: string, shardId: string): Cursor => ({
  stage,
  stream,
  shardId,
  after: undefined,
  before: undefined,
  waitsFor: undefined,
  running: 0,
  ended: false,
  failed: false,
  isSecond: false,
});

export const cursorName = ({ stage, stream, shardId }: Cursor): string => `${stage} ${shardName(stream, shardId)}`;
