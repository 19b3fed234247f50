import type { EntryChange } from './state-table.ts';

/**
 * How what was written in an earlier epoch reads today. Pure, and for one entry at a time: it is applied wherever the entry is
 * read, as often as that may be, until the entry is written anew.
 */
export interface StateUpgrade {
  /** `undefined` where the entry's table is dropped. */
  entry(change: EntryChange): EntryChange | undefined;
  /** What a sink is called now; `undefined` where it is dropped. */
  sink(id: string): string | undefined;
}

/** What a task writes, and what it can read. */
export interface EpochReader {
  /** The deployment that the task belongs to: what it writes is in the layout of this epoch. */
  readonly epoch: number;
  /**
   * How to read what was written in another epoch; `undefined` where it reads the same.
   * @throws MillraceError `PLAN_MISMATCH` where the epoch is newer than the task's
   */
  from(epoch: number): StateUpgrade | undefined;
}

export const upgradeEntries = (
  changes: readonly EntryChange[],
  upgrade: StateUpgrade | undefined,
): readonly EntryChange[] =>
  upgrade === undefined ? changes : changes.flatMap((change) => upgrade.entry(change) ?? []);
