import { type SimulationResult, simulate } from 'millrace/testing';
import { referenceOf } from './reference-pipelines.ts';

/** What came of a range of seeds. JSON: it travels between processes. */
export interface Summary {
  readonly seeds: number;
  readonly steps: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly reached: Readonly<Record<string, number>>;
  readonly failures: readonly (SimulationResult & { readonly pipeline: string })[];
}

export const emptySummary: Summary = { seeds: 0, steps: 0, faults: {}, reached: {}, failures: [] };

export interface RunOptions {
  readonly from: number;
  readonly count: number;
  /** Runs spent on making a failure smaller. Default: the simulator's. */
  readonly shrinkRuns?: number;
  readonly stopAtFailure?: boolean;
}

export const runSeeds = async ({ from, count, shrinkRuns, stopAtFailure }: RunOptions): Promise<Summary> => {
  let summary = emptySummary;
  for (let seed = from; seed < from + count; seed++) {
    const { pipeline, options } = referenceOf(seed);
    const result = await simulate(pipeline, { ...options, seed, ...(shrinkRuns === undefined ? {} : { shrinkRuns }) });
    summary = addSummaries(summary, {
      seeds: 1,
      steps: result.steps,
      faults: result.faults,
      reached: result.reached,
      failures: result.ok ? [] : [{ ...result, pipeline: pipeline.name }],
    });
    if (!result.ok && stopAtFailure) break;
  }
  return summary;
};

export const addSummaries = (a: Summary, b: Summary): Summary => ({
  seeds: a.seeds + b.seeds,
  steps: a.steps + b.steps,
  faults: addCounts(a.faults, b.faults),
  reached: addCounts(a.reached, b.reached),
  failures: [...a.failures, ...b.failures],
});

const addCounts = (a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>) => {
  const sum: Record<string, number> = { ...a };
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
};
