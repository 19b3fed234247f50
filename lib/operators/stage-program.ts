import type { StoredRow } from '../commit/hop-rows.ts';
import type { JsonBatch } from '../core/json-batch.ts';
import type { LayoutChange } from '../state/state-layout.ts';
import type { StateTable } from '../state/state-table.ts';
import type { ComputeSession } from './compute-session.ts';
import type { StageUpgrade } from './stage-upgrade.ts';

/**
 * A stage's operators, compiled to functions that call each other directly. It knows no clock, no environment and no
 * store; everything it does goes into the session.
 */
export interface StageProgram {
  /** The keyed state that its operators keep. */
  readonly tables: readonly StateTable[];
  /** Stages it sends to, in the plan's order. */
  readonly destinations: readonly string[];
  /** Present in a source stage. */
  readonly source: SourceProgram | undefined;
  /**
   * Takes in one row of a packet.
   * @param upgrade how to read it where an earlier version of the stage before this one sent it
   * @throws RejectionError
   */
  onRow(session: ComputeSession, row: StoredRow, upgrade?: StageUpgrade): void;
  /** An entry of state is due at the watermark. @throws RejectionError */
  onTimer(session: ComputeSession, table: number, lp: number, key: string, watermarkMs: number): void;
  /** Removes what is due of an entry whose pane or timer threw, and returns it for quarantine. */
  dropDue(session: ComputeSession, table: number, lp: number, key: string, watermarkMs: number): unknown;
  /** Puts back what `dropDue` has taken out of a table, and fires it as of the watermark. @throws RejectionError */
  fireDropped(session: ComputeSession, table: number, lp: number, dropped: unknown, watermarkMs: number): void;
  /** Turns what was combined into rows for the next stage. */
  flush(session: ComputeSession): void;
  /** How to read what was written in another layout. */
  upgradeFrom(change: LayoutChange): StageUpgrade;
}

export interface SourceProgram {
  readonly id: string;
  /**
   * Decodes a record's bytes and runs it through the stage.
   * @returns its event time
   * @throws RejectionError
   */
  onRecord(session: ComputeSession, data: Uint8Array): number;
  /** Runs what `JSON.parse` made of a record's bytes through the stage, and may change it. As `onRecord`. */
  onParsed(session: ComputeSession, parsed: unknown): number;
  /** For parsing records together, before one after the other is run. */
  readonly batch: JsonBatch;
}
