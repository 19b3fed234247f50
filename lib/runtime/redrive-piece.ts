import type { CommittedState } from '../commit/committed-state.ts';
import { type Piece, PieceBuilder, type PieceLimits, type RejectionOrigin, restingPiece } from './piece.ts';
import { type QuarantinedRecord, quarantineId } from './quarantine.ts';

/** What became of one record. `kept`: nothing waits for it; `later`: it does not fit this commit any more. */
export type Redriven = 'done' | 'rejected' | 'released' | 'kept' | 'later';

/** How one kind of task processes quarantined records again, within one commit. */
export interface Redriving {
  redrive(record: QuarantinedRecord): Redriven;
  /** What follows from it. */
  end(): void;
}

export interface RedriveTask {
  readonly limits: PieceLimits;
  /** The ledger's table. */
  readonly table: number;
  /** The partition that a record's entry in the ledger belongs to, and all that it reads. */
  lpOf(record: QuarantinedRecord): number;
  begin(state: CommittedState, builder: PieceBuilder): Redriving;
}

/** An entry of the ledger: a quarantine item whose effect is in the state. */
export interface LedgerEntry {
  readonly lp: number;
  readonly id: string;
}

export interface RedriveStep {
  /** `undefined` where there is nothing to commit. */
  readonly piece: Piece | undefined;
  readonly done: readonly QuarantinedRecord[];
  /** Rejected again: they are in quarantine under a new name. */
  readonly rejected: readonly QuarantinedRecord[];
  /** Their keys go on without them. They stay in quarantine. */
  readonly released: readonly QuarantinedRecord[];
  /** Nothing waited for them. They stay in quarantine. */
  readonly kept: readonly QuarantinedRecord[];
  /** Redriven before: the ledger has them. */
  readonly known: readonly QuarantinedRecord[];
  readonly ledger: readonly LedgerEntry[];
}

/**
 * Processes quarantined records as one commit. The ledger in the state says which are in it already, so that however
 * often a record is redriven, by whomever, it has one effect.
 *
 * @param records read after the state was, in their order
 * @param settled entries that the ledger need not keep: their items are marked as redriven
 */
export const redrivePiece = (
  task: RedriveTask,
  state: CommittedState,
  records: readonly QuarantinedRecord[],
  settled: readonly LedgerEntry[],
): RedriveStep => {
  const builder = new PieceBuilder(state, task.limits, false);
  const { session } = builder;
  const redriving = task.begin(state, builder);
  const step: Record<Exclude<Redriven, 'later'> | 'known', QuarantinedRecord[]> = {
    done: [],
    rejected: [],
    released: [],
    kept: [],
    known: [],
  };
  const ledger: LedgerEntry[] = [];
  for (const { lp, id } of settled) session.state.set(lp, task.table, id, undefined);
  for (const record of records) {
    const entry = { lp: task.lpOf(record), id: quarantineId(record) };
    const isKnown = session.state.get(entry.lp, task.table, entry.id) !== undefined;
    if (!isKnown && builder.isFull) break;
    const outcome = isKnown ? 'known' : redriving.redrive(record);
    if (outcome === 'later') break;
    step[outcome].push(record);
    if (outcome === 'released' || outcome === 'kept') continue;
    ledger.push(entry);
    if (!isKnown) session.state.set(entry.lp, task.table, entry.id, 1);
  }
  redriving.end();
  const piece: Piece = {
    // The count of rejections stays: they were counted when they first came.
    ...restingPiece(state, 'redrive', session),
    recordCount: step.done.length + step.rejected.length,
  };
  return { ...step, piece: session.isEmpty ? undefined : piece, ledger };
};

/** What a record that is rejected again is kept with: where it first came from, and how often it was tried. */
export const originOf = ({
  unit: _unit,
  n: _n,
  index: _index,
  code: _code,
  message: _message,
  path: _path,
  operator: _operator,
  ...origin
}: QuarantinedRecord): RejectionOrigin => ({ ...origin, redrives: (origin.redrives ?? 0) + 1 });

/** Runs one record. Where it does not fit or asks for a retry, the commit ends before it, unless nothing else is in it. */
export const attemptAgain = (
  builder: PieceBuilder,
  record: QuarantinedRecord,
  run: () => void,
): 'done' | 'rejected' | 'later' => builder.attemptOrLeave(() => originOf(record), record.operator, run);
