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

  get mayStrike(): boolean {
    return this.#struck < this.#around.disturbances.maxMappingFaults;
  }

  async strike(): Promise<boolean> {
    const { mapping } = this.#around;
    const idle = mapping.cursors.filter(({ waitsFor }) => waitsFor === undefined);
    if (idle.length === 0 || !this.mayStrike) return true;
    const chance = this.#around.random.fraction();
    if (chance < 0.6) return this.#discard(idle);
    this.#struck++;
    const cursor = this.#oneOf(idle);
    if (chance < 0.8) return this.#recreate(cursor);
    if (!this.#allow('second-mapping')) return true;
    this.#say(() => `${cursorName(cursor)} is read by a second mapping too`);
    mapping.addSecond(cursor);
    return true;
  }

  /** Tries are used up, or records have become too old: then they need not have been tried at all. */
  async #discard(idle: readonly Cursor[]): Promise<boolean> {
    const failed = idle.filter(({ failed }) => failed);
    const cursor = this.#oneOf(failed.length > 0 ? failed : idle);
    const batch = await this.#around.mapping.nextBatch(cursor, 1 + this.#below(10));
    // What is committed and given up all the same is where outputs are lost.
    const committed = batch.filter(({ sequenceNumber }) => this.#isCommitted(cursor, sequenceNumber));
    const given = committed.length > 0 ? committed : batch;
    const last = given.at(-1)?.sequenceNumber;
    if (last === undefined || !this.#maySkip(cursor, last) || !this.#allow('discarded')) return true;
    this.#struck++;
    this.#say(() => `${cursorName(cursor)}: ${given.length} records are given up`);
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
  #maySkip(cursor: Cursor, to: string): boolean {
    const { pipeline } = this.#around.world;
    if (this.#committed(cursor) === undefined) return false;
    const isSource = pipeline.plan.stages.some(
      ({ input }) => input.kind === 'source' && input.stream === cursor.stream,
    );
    return isSource || this.#isCommitted(cursor, to);
  }

  #isCommitted(cursor: Cursor, sequenceNumber: string): boolean {
    const committed = this.#committed(cursor);
    return committed !== undefined && compareSequenceNumbers(sequenceNumber, committed) <= 0;
  }

  #committed({ stage, shardId }: Cursor): string | undefined {
    return this.#around.world.monitor.logOf(stage, shardId)?.sequenceNumber;
  }

  #allow(kind: FaultKind): boolean {
    return this.#around.faults.allow(kind);
  }

  #say(line: () => string): void {
    this.#around.trace.add(this.#around.steps.count, line);
  }

  #oneOf(cursors: readonly Cursor[]): Cursor {
    return cursors[this.#below(cursors.length)] as Cursor;
  }

  #below(count: number): number {
    return Math.floor(this.#around.random.fraction() * count);
  }
}
