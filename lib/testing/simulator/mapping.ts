import type { StreamRecord } from '../../connectors/stream-port.ts';
import type { Pipeline } from '../../graph/pipeline.ts';
import type { Ending } from './process.ts';
import type { World } from './world.ts';

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
}

/** What a stream and its event source mapping do: hand out the records of each shard in order, until they are acknowledged. */
export class Mapping {
  readonly cursors: readonly Cursor[];
  readonly #world: World;
  #deliveries = 0;

  private constructor(world: World, cursors: readonly Cursor[]) {
    this.#world = world;
    this.cursors = cursors;
  }

  static async open(pipeline: Pipeline, world: World): Promise<Mapping> {
    const cursors: Cursor[] = [];
    for (const { id, input } of pipeline.plan.stages) {
      for (const { shardId } of await world.streams.listShards(input.stream))
        cursors.push({
          stage: id,
          stream: input.stream,
          shardId,
          after: undefined,
          before: undefined,
          waitsFor: undefined,
          running: 0,
        });
    }
    return new Mapping(world, cursors);
  }

  /** What comes next. A retry may have other boundaries. */
  nextBatch({ stream, shardId, after }: Cursor, size: number): Promise<readonly StreamRecord[]> {
    return this.#world.read(stream, shardId, after, size);
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

  async hasWork(): Promise<boolean> {
    for (const cursor of this.cursors) if ((await this.nextBatch(cursor, 1)).length > 0) return true;
    return false;
  }
}
