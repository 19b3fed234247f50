import type { StateStores } from '../commit/blob-store.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import type { Deadline } from './deadline.ts';
import { LostRaces } from './lost-races.ts';
import { markRedriven, type QuarantinedRecord, readQuarantined } from './quarantine.ts';
import { type LedgerEntry, type RedriveStep, type RedriveTask, redrivePiece } from './redrive-piece.ts';
import type { Task } from './task.ts';

/** How many records went which way. */
export interface RedriveSummary {
  readonly redriven: number;
  /** Rejected again: they are in quarantine, under new names. */
  readonly rejected: number;
  /** Their keys went on without them. */
  readonly released: number;
  /** Redriven by somebody else, or before. */
  readonly known: number;
}

export const nothingRedriven: RedriveSummary = { redriven: 0, rejected: 0, released: 0, known: 0 };

export const addRedriven = (a: RedriveSummary, b: RedriveSummary): RedriveSummary => ({
  redriven: a.redriven + b.redriven,
  rejected: a.rejected + b.rejected,
  released: a.released + b.released,
  known: a.known + b.known,
});

/** Read at once, and at most committed at once. */
const BATCH = 100;

/**
 * Redrives records of one task, in their order, in as many commits as it takes. Each commit is computed from items that
 * were read after the state was: an item is marked after the commit that its ledger entry is in, and the entry goes
 * after the mark is there, so that one of the two always tells.
 */
export const runRedrive = async (
  task: Task,
  redriveTask: RedriveTask,
  stores: StateStores,
  records: readonly QuarantinedRecord[],
  deadline: Deadline,
  onStep: (summary: RedriveSummary) => void = () => undefined,
): Promise<RedriveSummary> => {
  let left = records;
  let settled: readonly LedgerEntry[] = [];
  // Where keys go on, more is due than fits one commit. It is fired first: afterwards nobody may look here for long.
  let unsettled: ReadonlySet<number> = new Set();
  let total = nothingRedriven;
  for (const races = new LostRaces('The shard', 'Redrive again; what is done is known.'); ; ) {
    const batch = unsettled.size > 0 ? [] : left.slice(0, BATCH);
    const lps = new Set([...unsettled, ...batch.map((record) => redriveTask.lpOf(record))]);
    let step: RedriveStep | undefined;
    let there: readonly QuarantinedRecord[] = [];
    const committed = await task.tryCommit(async (_state, load) => {
      const state = await load(lps);
      there = await readQuarantined(stores, batch);
      step = redrivePiece(redriveTask, state, there, settled);
      return step.piece;
    }, deadline);
    if (step === undefined) throw hasEnded();
    if (step.piece !== undefined && !committed) {
      races.add();
      continue;
    }
    races.won();
    const { done, rejected, released, kept, known } = step;
    const marked = [...done, ...rejected, ...known];
    if (marked.length > 0) await markRedriven(stores, marked);
    settled = step.ledger;
    const finished = new Set([...marked, ...released, ...kept]);
    const gone = batch.length - there.length;
    const rest = there.filter((record) => !finished.has(record));
    left = [...rest, ...left.slice(batch.length)];
    total = addRedriven(total, {
      redriven: done.length,
      rejected: rejected.length,
      released: released.length,
      known: known.length + gone,
    });
    onStep(total);
    // Commits that follow only drop the ledger's entries, and fire what is due.
    const isAtRest = settled.length === 0 && step.piece === undefined;
    if (isAtRest && left.length === 0) return total;
    unsettled = isAtRest ? new Set() : lps;
  }
};

const hasEnded = (): MillraceError =>
  new MillraceError('retryable', 'LOST_RACE', 'The shard has ended; its children go on.', {
    fix: 'Redrive again: the records are given to the children.',
  });
