import type { StateTable } from '../state/state-table.ts';
import type { ComputeSession } from './compute-session.ts';

/** What all operators of a keyed stage that keep a table of state have in common. */
export interface TableKeeper {
  readonly table: StateTable;
  /** An entry of the table is due at the watermark. The session's `lp` is set. */
  onTimer(session: ComputeSession, entryKey: string, watermarkMs: number): void;
}
