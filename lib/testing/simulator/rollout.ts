import { readJob } from '../../commit/job.ts';
import { getOrAdd } from '../../core/get-or-add.ts';
import type { Random } from '../../core/random.ts';
import type { Pipeline } from '../../graph/pipeline.ts';
import { deployPlan } from '../../runtime/deploy-plan.ts';
import type { ItemStore } from '../../state/item-store.ts';
import type { FaultPlan } from './faults.ts';

export interface RolloutOptions {
  readonly pipeline: Pipeline;
  /** Deployed one after the other. */
  readonly versions: readonly Pipeline[];
  readonly items: ItemStore;
  readonly random: Random;
  readonly faults: FaultPlan;
  readonly say: (line: () => string) => void;
}

/** The chance that a deployment goes one step on. */
const STEP_SHARE = 0.01;

/**
 * Deploys later versions of a pipeline at moments that nobody knows before: the plan and the code of each stage, in any
 * order, while processes of the version before go on with what they have begun.
 */
export class Rollout {
  readonly #options: RolloutOptions;
  readonly #waiting: Pipeline[];
  readonly #code = new Map<string, Pipeline>();
  /** The version that is being deployed, and what of it is not yet: its plan, or the code of a stage. */
  #next: Pipeline | undefined;
  #left: string[] = [];

  constructor(options: RolloutOptions) {
    this.#options = options;
    this.#waiting = [...options.versions];
  }

  /** What a new process of a stage runs. */
  pipelineOf(stage: string): Pipeline {
    return getOrAdd(this.#code, stage, () => this.#options.pipeline);
  }

  /** @returns whether something was deployed */
  async step(): Promise<boolean> {
    const { random, faults, items, pipeline } = this.#options;
    if (this.#next === undefined && this.#waiting.length === 0) return false;
    if (random.fraction() >= STEP_SHARE) return false;
    if (this.#next === undefined) {
      // A job that has not begun is begun by whatever version comes first.
      const hasBegun = (await readJob(items, pipeline.name, 1)) !== undefined;
      if (!hasBegun || !faults.allow('upgraded')) return false;
    }
    await this.#go();
    return true;
  }

  /** What was begun comes to its end. */
  async finish(): Promise<void> {
    while (this.#next !== undefined) await this.#go();
  }

  async #go(): Promise<void> {
    const { random, items, say } = this.#options;
    this.#next ??= this.#begin();
    const version = this.#next;
    const what = this.#left[Math.floor(random.fraction() * this.#left.length)] as string;
    if (what === PLAN) {
      const { epoch } = await deployPlan(items, version.plan);
      say(() => `the plan of epoch ${epoch} is deployed`);
    } else {
      say(() => `the code of ${what} is deployed`);
      this.#code.set(what, version);
    }
    this.#left = this.#left.filter((one) => one !== what);
    if (this.#left.length === 0) this.#next = undefined;
  }

  #begin(): Pipeline {
    const version = this.#waiting.shift() as Pipeline;
    this.#left = [PLAN, ...version.plan.stages.map(({ id }) => id)];
    return version;
  }
}

/** No stage has a name like this. */
const PLAN = '@plan';
