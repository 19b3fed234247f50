/** Kept back from the invocation's time for what cannot be stopped half-way: a commit under way, its outputs, the answer. */
const RESERVE_FRACTION = 0.1;
const LEAST_RESERVE_MS = 1_000;

/** How long a stage may work in an invocation that has this much time left. */
export const budgetMs = (remainingMs: number): number =>
  remainingMs - Math.max(LEAST_RESERVE_MS, remainingMs * RESERVE_FRACTION);
