/** One difference between the plan that runs and the one that is to run, and what becomes of it. */
export interface PlanChange {
  /**
   * - `fine`: nothing that is stored depends on it, or what is stored is converted.
   * - `added`: begins empty, with the records that come after the deployment.
   * - `dropped`: what is stored for it is given up, as was asked for.
   * - `refused`: the new plan cannot go on with what is stored.
   */
  readonly effect: 'fine' | 'added' | 'dropped' | 'refused';
  /** What differs: `window 'minute'`. */
  readonly what: string;
  /** From what to what. */
  readonly change: string;
  /** Of what is refused: why, and what to do. */
  readonly why?: string;
  readonly fix?: string;
}

export const fine = (what: string, change: string): PlanChange => ({ effect: 'fine', what, change });

export const added = (what: string, change = 'new'): PlanChange => ({ effect: 'added', what, change });

export const refused = (what: string, change: string, why: string, fix: string): PlanChange => ({
  effect: 'refused',
  what,
  change,
  why,
  fix,
});

/** A value of a plan as text. */
export const show = (value: unknown): string =>
  value === undefined ? 'none' : typeof value === 'string' ? `'${value}'` : JSON.stringify(value);

export const fromTo = (before: unknown, after: unknown): string => `${show(before)} → ${show(after)}`;
