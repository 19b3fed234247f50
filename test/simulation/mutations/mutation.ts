import type { FaultRow } from './fault-rows.ts';

/** A deliberate bug: texts of lib that are replaced. Each `find` is there exactly once. */
export interface Mutation {
  /** What the protocol has a remedy for, which this takes away. */
  readonly row: FaultRow;
  /** What the protocol is without. */
  readonly name: string;
  /**
   * The file of tests that has to fail, where not the simulator is asked: the rule lies below what is simulated, is about
   * settings and not about what happens, or matters only in schedules that few seeds meet.
   */
  readonly test?: string;
  readonly patches: readonly { readonly file: string; readonly find: string; readonly replace: string }[];
}

export const one = (row: FaultRow, name: string, file: string, find: string, replace: string): Mutation => ({
  row,
  name,
  patches: [{ file: `lib/${file}`, find, replace }],
});

/** One that a test has to notice, and not the simulator. */
export const tested = (test: string, mutation: Mutation): Mutation => ({ ...mutation, test: `test/${test}` });
