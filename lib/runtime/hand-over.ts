import type { TaskShape } from '../commit/committed-state.ts';
import { type Job, recordChild, unitOf } from '../commit/job.ts';
import { unitName } from '../commit/log-unit.ts';
import type { ChildUnit } from '../commit/outbox.ts';
import type { Inheritance } from '../commit/write-image.ts';
import type { Shard } from '../connectors/stream-port.ts';
import { allEnded } from '../core/all-ended.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import type { ItemStore } from '../state/item-store.ts';
import type { Ancestry } from './ancestry.ts';
import type { Deadline } from './deadline.ts';
import { inherit, type SealedParent } from './inherit.ts';
import type { Task } from './task.ts';

/** What a hand-over needs of a stage in a container. */
export interface ReshardedStage {
  readonly stage: string;
  readonly items: ItemStore;
  open(): Promise<{ readonly job: Job; readonly ancestry: Ancestry }>;
  task(shardId: string): Promise<Task>;
}

/** Shards that end and shards that begin: a child's log is made from those of its parents, which are sealed for it. */
export class HandOver {
  readonly #stage: ReshardedStage;
  /** What is under way at each parent: two children of one may begin at the same time. */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** Shards that follow on others and are known to have a log. */
  readonly #begun = new Set<string>();

  constructor(stage: ReshardedStage) {
    this.#stage = stage;
  }

  /** What a shard that follows on others begins with: they are sealed first, and theirs before them. `undefined` for a root. */
  async inherit(shard: Shard, shape: TaskShape, deadline: Deadline): Promise<Inheritance | undefined> {
    if (await this.#isRoot(shard)) return undefined;
    const { job, ancestry } = await this.#stage.open();
    const { stage, items } = this.#stage;
    const parents = await ancestry.parentsOf(shard);
    const sealed = await allEnded(parents.map((parent) => this.#seal(parent, deadline)));
    await recordChild(items, job, stage, shard.shardId);
    const inherited = inherit(shape, sealed);
    // What the parents have not collected of theirs is left to the child too.
    const units = parents.map(({ shardId }) => unitName(unitOf(job, stage, shardId)));
    inherited.state.ancestors = [...new Set([...units, ...sealed.flatMap(({ state }) => state.ancestors)])];
    return inherited;
  }

  /**
   * Lets a shard begin that may follow on others, whether it was given records or not.
   * @param asked the shards that others have waited for at this tick
   * @returns false where they are at work; the next tick finds it again
   */
  async begin(shard: Shard, asked: Set<string>, deadline: Deadline): Promise<boolean> {
    const { shardId } = shard;
    if (this.#begun.has(shardId) || (await this.#isRoot(shard))) return true;
    const task = await this.#stage.task(shardId);
    if (await task.begin(deadline).catch(notYet)) {
      this.#begun.add(shardId);
      return true;
    }
    await this.#sendHeadsBefore(shard, asked, deadline);
    return false;
  }

  /**
   * Sends what the shards say last that this one waits for, once nobody is at work there. Where a mapping gave up their last records,
   * nobody else comes to them until an operator decides.
   */
  async #sendHeadsBefore(shard: Shard, asked: Set<string>, deadline: Deadline): Promise<void> {
    const { ancestry } = await this.#stage.open();
    const parents = (await ancestry.parentsOf(shard)).filter(({ shardId }) => !asked.has(shardId));
    for (const { shardId } of parents) asked.add(shardId);
    await allEnded(
      parents.map(async (parent) => {
        const task = await this.#stage.task(parent.shardId);
        const hasLog = await this.#inTurn(parent.shardId, () => task.sendStandingHead(deadline));
        if (!hasLog && !(await this.#isRoot(parent))) await this.#sendHeadsBefore(parent, asked, deadline);
      }),
    );
  }

  /** The job began with it. */
  async #isRoot({ shardId }: Shard): Promise<boolean> {
    const { job } = await this.#stage.open();
    return job.roster[this.#stage.stage]?.shardIds.includes(shardId) === true;
  }

  async #seal(shard: Shard, deadline: Deadline): Promise<SealedParent> {
    const { shardId } = shard;
    const task = await this.#stage.task(shardId);
    return {
      state: await this.#inTurn(shardId, async () => task.seal(await this.#childrenOf(shard), deadline)),
      look: (lp, at) => this.#inTurn(shardId, () => task.look(lp, at, deadline)),
    };
  }

  /** A task does one thing at a time. */
  #inTurn<T>(shardId: string, run: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(shardId) ?? Promise.resolve()).then(run, run);
    this.#turns.set(shardId, turn);
    const done = () => {
      if (this.#turns.get(shardId) === turn) this.#turns.delete(shardId);
    };
    turn.then(done, done);
    return turn;
  }

  async #childrenOf(shard: Shard): Promise<readonly ChildUnit[]> {
    const { job, ancestry } = await this.#stage.open();
    const nameOf = ({ shardId }: Shard) => unitName(unitOf(job, this.#stage.stage, shardId));
    return Promise.all(
      (await ancestry.childrenOf(shard)).map(async (child) => ({
        unit: nameOf(child),
        parents: (await ancestry.parentsOf(child)).map(nameOf),
      })),
    );
  }
}

/** The shard's turn has not come. */
const notYet = (error: unknown): false => {
  if (error instanceof MillraceError && error.code === 'NOT_DRAINED') return false;
  throw error;
};
