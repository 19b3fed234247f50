import type { Key } from '../graph/logical-graph.ts';
import type { ComputeSession } from './compute-session.ts';
import type { Accumulators, PaneAggregates } from './pane-aggregates.ts';
import type { TableKeeper } from './table-keeper.ts';

/** Accumulators came for a pane that is closed. Senders see to it that this does not happen; a redriven row may be too late. */
export class PaneClosed extends Error {
  override readonly name = 'PaneClosed';
}

/** A window operator at work in a keyed stage. The session's `key` and `lp` are set before each call. */
export interface WindowProgram extends TableKeeper {
  readonly aggregates: PaneAggregates;
  /** An entry's value with other accumulators. */
  mapAccumulators(value: unknown, map: (accumulators: Accumulators) => Accumulators): unknown;
  /** A record of the window's input, as it was sent. */
  onRecord(session: ComputeSession, key: Key, keyJson: string, value: unknown, eventTimeMs: number): void;
  /** Accumulators combined before the hop. They are never late: the sender made sure. */
  onPartial(
    session: ComputeSession,
    key: Key,
    keyJson: string,
    startMs: number,
    endMs: number,
    accumulators: Accumulators,
  ): void;
  /** Removes what is due of an entry that could not be fired, and returns it for quarantine. */
  dropDue(session: ComputeSession, entryKey: string, watermarkMs: number): unknown;
  /**
   * Puts back what `dropDue` has taken out, and merges it with what came since.
   * @returns the entry that it is in
   */
  restore(session: ComputeSession, keyJson: string, dropped: unknown): string;
}
