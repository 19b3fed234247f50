import { compareSequenceNumbers } from '../../connectors/sequence-number.ts';
import { MAX_WATERMARK_MS } from '../../time/watermark-strategy.ts';
import { describeError } from './endings.ts';
import { hasGivenUp, isNotDrained } from './given-up.ts';
import { placeOf } from './lineage-watch.ts';
import type { LogWatch } from './log-watch.ts';
import { cursorName, type Mapping } from './mapping.ts';
import type { Ending, Process } from './process.ts';
import type { Repairs } from './repairs.ts';
import type { Verdict } from './verdict.ts';
import type { World } from './world.ts';

/** Failures in a row that a run may still have when nothing disturbs it any more: losers of old races have to find out. */
const MAX_FAILURES = 12;
const MAX_INVOCATIONS = 5_000;

/** When faults stop, everything has to come to its end: every record is processed, all input is ended, every output is out. */
export const calmEnd = async (
  world: World,
  mapping: Mapping,
  verdict: Verdict,
  pick: (stage: string) => Process | undefined,
  batchSize: () => number,
  repairs: Repairs | undefined,
): Promise<void> => {
  const end = new CalmEnd(world, mapping, verdict, pick, batchSize);
  try {
    await end.drain();
    // A tick that loses a race leaves the publishing to the one after it, and what a closed shard says last is left to the second that
    // finds it so; on a schedule there always is one.
    for (let ticks = 0; ticks < 2 && !verdict.isOver; ticks++) {
      await end.endInput();
      await end.drain();
    }
    await repairs?.finish(() => end.drain());
  } catch (error) {
    if (!(error instanceof Stuck)) throw error;
    verdict.add([error.message]);
  }
  if (verdict.isOver) return;
  const left = await leftOver(world, mapping);
  // What was skipped, and nothing came after it, holds everything back in plain sight.
  if (left.length > 0 && world.skipped.size > 0) verdict.stop('waits at a gap');
  else verdict.add(left);
};

class Stuck extends Error {
  override readonly name = 'Stuck';
}

class CalmEnd {
  readonly #world: World;
  readonly #mapping: Mapping;
  readonly #verdict: Verdict;
  readonly #pick: (stage: string) => Process | undefined;
  readonly #batchSize: () => number;
  /** By stage: a tick comes to the container that took the one before it, sooner or later. */
  readonly #ticked = new Map<string, Process>();
  #failures = 0;
  #invocations = 0;

  constructor(
    world: World,
    mapping: Mapping,
    verdict: Verdict,
    pick: (stage: string) => Process | undefined,
    batchSize: () => number,
  ) {
    this.#world = world;
    this.#mapping = mapping;
    this.#verdict = verdict;
    this.#pick = pick;
    this.#batchSize = batchSize;
  }

  async drain(): Promise<void> {
    for (let busy = true; busy && !this.#verdict.isOver; ) {
      busy = false;
      await this.#mapping.discover(() => false);
      for (const cursor of [...this.#mapping.cursors]) {
        const batch = await this.#mapping.nextBatch(cursor, this.#batchSize());
        if (batch.length === 0) continue;
        busy = true;
        const delivery = this.#mapping.begin(cursor);
        const ending = await this.#process(cursor.stage).run((runtime, deadline) =>
          runtime.processBatch(cursor.shardId, batch, deadline),
        );
        this.#mapping.end(cursor, delivery, batch, ending);
        await this.#take(cursor.stage, cursorName(cursor), ending);
        if (isNotDrained(ending) && hasGivenUp(this.#world, this.#mapping, cursor.stage))
          this.#verdict.stop('waits at a gap');
        if (this.#verdict.isOver) return;
      }
      busy ||= this.#mapping.hasNews;
    }
  }

  async endInput(): Promise<void> {
    const { clock, pipeline } = this.#world;
    const request = { nowMs: clock.nowMs(), watermarkMs: MAX_WATERMARK_MS };
    for (const { id, input } of pipeline.plan.stages) {
      if (input.kind !== 'source') continue;
      for (let done = false; !done; ) {
        const ticked = this.#ticked.get(id) ?? this.#process(id);
        const ending = await ticked.run(async (runtime, deadline) => {
          await runtime.tick(request, deadline);
          return undefined;
        });
        await this.#take(id, `a tick of ${id}`, ending);
        if (ending.kind === 'done') this.#ticked.set(id, ticked);
        else this.#ticked.delete(id);
        done = ending.kind === 'done' || this.#verdict.isOver;
      }
    }
  }

  #process(stage: string): Process {
    const process = this.#pick(stage);
    if (process === undefined) throw new Stuck(`processes of ${stage} are still at work although nothing waits`);
    return process;
  }

  async #take(stage: string, what: string, ending: Ending): Promise<void> {
    // A shard that was begun too early waits for its parents, which come before it or after it.
    if (!isNotDrained(ending)) this.#failures = ending.kind === 'done' ? 0 : this.#failures + 1;
    await this.#verdict.take(stage, ending);
    if (ending.kind === 'failed' && this.#failures > MAX_FAILURES)
      throw new Stuck(`${what} goes on failing although faults have stopped: ${describeError(ending.error)}`);
    if (ending.kind === 'killed' && this.#failures > MAX_FAILURES)
      throw new Stuck(`${what} ends one process after the other`);
    if (++this.#invocations > MAX_INVOCATIONS)
      throw new Stuck(`${what} is still going on after ${MAX_INVOCATIONS} invocations`);
  }
}

const leftOver = async (world: World, mapping: Mapping): Promise<string[]> => {
  const { monitor, pipeline } = world;
  const left: string[] = [];
  for (const cursor of mapping.cursors) {
    const log = monitor.logOf(cursor.stage, cursor.shardId);
    // What was committed and not acknowledged would come again, unless it has expired meanwhile.
    const isAhead =
      world.shortRetention &&
      cursor.after !== undefined &&
      log?.sequenceNumber !== undefined &&
      compareSequenceNumbers(log.sequenceNumber, cursor.after) > 0;
    if (cursor.after !== undefined && log?.sequenceNumber !== cursor.after && !isAhead)
      left.push(
        `${cursorName(cursor)}: all is acknowledged up to ${cursor.after}, and committed up to ${log?.sequenceNumber}`,
      );
  }
  for (const [unit, log] of monitor.logs) left.push(...(await leftOfLog(world, unit, log)));
  for (const node of pipeline.graph.nodes.values())
    if (node.kind === 'sink' && node.spec.kind === 'dynamo')
      left.push(...monitor.tables.compare(node.id, world.output(node.id)));
  return left;
};

/** The log of an open shard has the last watermark; that of a closed one is sealed, whether or not the shard is listed still. */
const leftOfLog = async (world: World, unit: string, log: LogWatch): Promise<string[]> => {
  log.requireDrained('at the end');
  const { stream, shardId } = placeOf(unit);
  const shard = (await world.streams.listShards(stream)).find((one) => one.shardId === shardId);
  if (shard?.open !== true) return log.isSealed ? [] : [`${unit}: its shard is closed, and it was never sealed`];
  return log.watermarkMs === MAX_WATERMARK_MS
    ? []
    : [`${unit}: the input has ended, and the watermark is ${log.watermarkMs}`];
};
