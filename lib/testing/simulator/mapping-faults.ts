import { compareSequenceNumbers } from '../../connectors/sequence-number.ts';
import type { FaultKind } from './faults.ts';
import { type Cursor, cursorName } from './mapping.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * What skips records does not happen within the minute for which a container trusts that nothing has: a mapping that gives up
 * has tried for longer, and one that is made anew takes longer.
 */
const SKIP_MS = 61_000;

/** Mappings whose settings or fate are not as they should be: they skip records, go back, or are two. */
export class MappingFaults {
  readonly #around: Surroundings;
  #struck = 0;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  async strike(): Promise<boolean> {
    const { mapping } = this.#around;
    const cursor = mapping.cursors[this.#below(mapping.cursors.length)] as Cursor;
    if (cursor.waitsFor !== undefined || this.#struck >= this.#around.disturbances.maxMappingFaults) return true;
    this.#struck++;
    const chance = this.#around.random.fraction();
    if (cursor.failed && chance < 0.5) return this.#discard(cursor);
    if (chance < 0.75) return this.#recreate(cursor);
    if (!this.#allow('second-mapping')) return true;
    this.#say(() => `${cursorName(cursor)} is read by a second mapping too`);
    mapping.addSecond(cursor);
    return true;
  }

  async #discard(cursor: Cursor): Promise<boolean> {
    const batch = await this.#around.mapping.nextBatch(cursor, 1 + this.#below(5));
    const last = batch.at(-1)?.sequenceNumber;
    if (last === undefined || !this.#maySkip(cursor, last) || !this.#allow('discarded')) return true;
    this.#say(() => `${cursorName(cursor)}: ${batch.length} records are given up`);
    this.#skip(cursor, last);
    return true;
  }

  /** At the beginning, or at the latest record. */
  async #recreate(cursor: Cursor): Promise<boolean> {
    const { mapping, random } = this.#around;
    const batch = await mapping.nextBatch(cursor, 10_000);
    const last = batch.at(-1)?.sequenceNumber;
    const isBack = random.fraction() < 0.7 || last === undefined || !this.#maySkip(cursor, last);
    if (!this.#allow('recreated')) return true;
    this.#say(() => `${cursorName(cursor)}: the mapping is made anew, at ${isBack ? 'the beginning' : 'the end'}`);
    if (isBack) mapping.move(cursor, undefined);
    else this.#skip(cursor, last as string);
    return true;
  }

  #skip(cursor: Cursor, to: string): void {
    const { world, mapping } = this.#around;
    world.clock.advance(SKIP_MS);
    world.skipped.add(cursorName(cursor));
    mapping.move(cursor, to);
  }

  /** A shard of a source from its second batch on; elsewhere what is committed already: packets show their gaps themselves. */
  #maySkip({ stage, stream, shardId }: Cursor, to: string): boolean {
    const { pipeline, monitor } = this.#around.world;
    const committed = monitor.logOf(stage, shardId)?.sequenceNumber;
    if (committed === undefined) return false;
    const isSource = pipeline.plan.stages.some(({ input }) => input.kind === 'source' && input.stream === stream);
    return isSource || compareSequenceNumbers(to, committed) <= 0;
  }

  #allow(kind: FaultKind): boolean {
    return this.#around.faults.allow(kind);
  }

  #say(line: () => string): void {
    this.#around.trace.add(this.#around.steps.count, line);
  }

  #below(count: number): number {
    return Math.floor(this.#around.random.fraction() * count);
  }
}
