import type { FaultKind } from './faults.ts';
import { type Cursor, cursorName } from './mapping.ts';
import { MappingFaults } from './mapping-faults.ts';
import type { Surroundings } from './surroundings.ts';
import { shardName } from './world.ts';

const HOUR_MS = 3_600_000;

/** The chance of a split at a step, where the state of a task attracts it. */
const ATTRACTION = 0.1;

/** The chance at a step that a mapping does what it should not, in runs where one may. */
const MAPPING_SHARE = 0.01;

/** What goes wrong, or changes, around the calls: processes freeze and die, shards split, batches come again, time passes. */
export class Disturbances {
  readonly #around: Surroundings;
  readonly #mapping: MappingFaults;
  /** Without blobs a run is long: few have such a time, and none has two. */
  #mayLoseBlobs: boolean;

  constructor(around: Surroundings) {
    this.#around = around;
    this.#mapping = new MappingFaults(around);
    this.#mayLoseBlobs = around.random.fraction() < 0.08;
  }

  passTime(): void {
    const { random, faults, world } = this.#around;
    const far = random.fraction() < 0.05 && this.#mayLeap() && faults.allow('clock-jump');
    const ms = Math.floor(random.fraction() * (far ? 30 * HOUR_MS : 30_000));
    if (far) this.#say(() => `${Math.round(ms / 60_000)} minutes pass`);
    world.clock.advance(ms);
  }

  /** What expires before a shard's first commit is nobody's: the job has not begun there. */
  #mayLeap(): boolean {
    const { world } = this.#around;
    if (!world.shortRetention) return true;
    const stages = world.pipeline.plan.stages.filter(({ input }) => input.kind === 'source');
    return [...world.sent.keys()].every((name) => {
      const shardId = name.slice(name.indexOf(' ') + 1);
      return stages.some(
        ({ id, input }) => name === shardName(input.stream, shardId) && world.monitor.logOf(id, shardId)?.n,
      );
    });
  }

  /** @returns whether something happened */
  async strike(): Promise<boolean> {
    const chance = this.#around.random.fraction();
    const { faultShare, reshardShare, maxReshards } = this.#around.disturbances;
    if (chance < faultShare / 4) return this.#disturb();
    if (this.#mapping.mayStrike && chance > 1 - ATTRACTION - MAPPING_SHARE && chance <= 1 - ATTRACTION)
      return this.#mapping.strike();
    const mayReshard = this.#around.world.resharding.changes < maxReshards;
    if (reshardShare > 0 && mayReshard && this.#around.world.resharding.isAttracted && chance > 1 - ATTRACTION)
      return this.#split();
    return chance < faultShare / 4 + reshardShare && mayReshard && this.#reshard();
  }

  async #disturb(): Promise<boolean> {
    switch (this.#below(6)) {
      case 0:
        return this.#freeze();
      case 1:
        return this.#kill();
      case 2:
        return this.#redeliver();
      case 3:
        return this.#mapping.strike();
      case 4:
        return this.#takeBlobsDown();
      default:
        return this.#takeSinkDown();
    }
  }

  #freeze(): boolean {
    const victim = this.#victim();
    if (victim === undefined || !this.#allow('frozen')) return true;
    victim.frozenUntil = this.#around.steps.count + 20 + this.#below(400);
    this.#say(() => `${victim.name} freezes until step ${victim.frozenUntil}`);
    return true;
  }

  #kill(): boolean {
    const victim = this.#victim();
    const { calls } = this.#around;
    if (victim !== undefined && calls.mayDie(victim) && this.#allow('killed')) calls.kill(victim);
    return true;
  }

  #redeliver(): boolean {
    const { mapping } = this.#around;
    const cursor = mapping.cursors[this.#below(mapping.cursors.length)] as Cursor;
    if (cursor.waitsFor !== undefined || cursor.after === undefined || !this.#allow('redelivered')) return true;
    this.#say(() => `${cursorName(cursor)}: the last batch comes again`);
    mapping.stepBack(cursor);
    return true;
  }

  #takeSinkDown(): boolean {
    const { world, calls, steps } = this.#around;
    const sink = [...world.sinks.keys()][this.#below(world.sinks.size)];
    if (sink === undefined || !this.#allow('sink-down')) return true;
    const until = steps.count + 20 + this.#below(200);
    this.#say(() => `sink ${sink} is down until step ${until}`);
    calls.takeDown(sink, until);
    return true;
  }

  #takeBlobsDown(): boolean {
    const { calls, steps } = this.#around;
    if (!this.#mayLoseBlobs || !this.#allow('blobs-down')) return true;
    this.#mayLoseBlobs = false;
    const until = steps.count + 200 + this.#below(600);
    this.#say(() => `no blob can be written until step ${until}`);
    calls.takeBlobsDown(until);
    return true;
  }

  async #reshard(): Promise<boolean> {
    const { world, random } = this.#around;
    const kind = (['split', 'split', 'merge', 'merge', 'scaled'] as const)[this.#below(5)] ?? 'split';
    if (!this.#allow(kind)) return false;
    const { resharding } = world;
    const done = await (kind === 'split'
      ? resharding.split(random)
      : kind === 'merge'
        ? resharding.merge(random)
        : resharding.scale(random));
    if (done !== undefined) this.#say(() => done);
    return done !== undefined;
  }

  async #split(): Promise<boolean> {
    const { world, random } = this.#around;
    const done = this.#allow('split') ? await world.resharding.splitAttractive(random) : undefined;
    if (done !== undefined) this.#say(() => done);
    return done !== undefined;
  }

  #victim() {
    const busy = this.#around.pool.all.filter(({ isBusy, isDead }) => isBusy && !isDead);
    return busy[this.#below(busy.length)];
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
