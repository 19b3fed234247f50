import { noReduction, type Reduction } from './faults.ts';
import type { SeedOutcome } from './run-seed.ts';

/** A failing run made small. */
export interface Shrunk {
  readonly reduction: Reduction;
  readonly outcome: SeedOutcome;
  /** Runs that this took. */
  readonly runs: number;
}

/**
 * Leaves out faults and events as long as a run still fails, ever smaller parts of them (delta debugging, Zeller and
 * Hildebrandt 2002). Leaving one out moves all later decisions, so this is a search and no proof of a minimum.
 */
export const shrink = async (
  failed: SeedOutcome,
  rerun: (reduction: Reduction) => Promise<SeedOutcome>,
  maxRuns: number,
): Promise<Shrunk> => {
  let best: Shrunk = { reduction: noReduction, outcome: failed, runs: 0 };
  let runs = 0;
  const attempt = async (reduction: Reduction): Promise<boolean> => {
    if (runs >= maxRuns) return false;
    runs++;
    const outcome = await rerun(reduction);
    if (outcome.violations.length === 0) return false;
    best = { reduction, outcome, runs };
    return true;
  };
  const events = Array.from({ length: failed.eventCount }, (_, i) => i);
  for (let parts = 2; parts <= 32 && runs < maxRuns; ) {
    const before = best;
    await dropParts(
      parts,
      () => best.outcome.faultNumbers,
      (numbers) => attempt({ ...best.reduction, withoutFaults: [...best.reduction.withoutFaults, ...numbers] }),
    );
    await dropParts(
      parts,
      () => events.filter((i) => !best.reduction.withoutEvents.includes(i)),
      (indexes) => attempt({ ...best.reduction, withoutEvents: [...best.reduction.withoutEvents, ...indexes] }),
    );
    if (best === before) parts *= 2;
  }
  return { ...best, runs };
};

const dropParts = async (
  parts: number,
  all: () => readonly number[],
  drop: (part: readonly number[]) => Promise<boolean>,
): Promise<void> => {
  for (let i = 0; i < parts; i++) {
    const left = all();
    const size = Math.ceil(left.length / parts);
    const part = left.slice(i * size, (i + 1) * size);
    if (part.length > 0) await drop(part);
  }
};
