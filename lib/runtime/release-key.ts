import type { CommittedState } from '../commit/committed-state.ts';
import { firePast } from './fire-timers.ts';
import type { KeyedTask } from './keyed-task.ts';
import type { ParkedKey, Parking, WaitingRow } from './parking.ts';
import type { PieceBuilder } from './piece.ts';
import { rowOrigin } from './row-origin.ts';

/**
 * Processes what a parked key has missed, as it would have been: row by row, each under the watermark of when it came,
 * with the panes in between that were due. Stops at the end of the commit, or at the next row or pane that is rejected;
 * what is left waits on.
 */
export const releaseKey = (
  task: KeyedTask,
  state: CommittedState,
  builder: PieceBuilder,
  parking: Parking,
  key: { readonly lp: number; readonly keyText: string },
): void => {
  const { lp, keyText } = key;
  let [, watermarkMs, first, next] = parking.get(lp, keyText) as ParkedKey;
  parking.set(lp, keyText, ['', watermarkMs, first, next]);
  for (; first < next; first++) {
    if (builder.isFull) return;
    const waiting = parking.waitingRow(lp, keyText, first);
    if (waiting[1] > watermarkMs) {
      watermarkMs = waiting[1];
      if (!firePast(task, state, builder, parking, key, watermarkMs)) {
        keepRows(parking, key, first, next);
        return;
      }
    }
    const outcome = applyRow(task, builder, key, waiting);
    if (outcome === 'later') return;
    parking.removeRow(lp, keyText, first);
    const isBlocked = outcome === 'rejected' && task.parks;
    parking.set(lp, keyText, [isBlocked ? parking.lastRejected : '', watermarkMs, first + 1, next]);
    if (isBlocked) return;
  }
  parking.set(lp, keyText, undefined);
};

/** A pane has parked the key again, without knowing of the rows that wait. */
const keepRows = (
  parking: Parking,
  { lp, keyText }: { readonly lp: number; readonly keyText: string },
  first: number,
  next: number,
): void => {
  const [blocker, watermarkMs] = parking.get(lp, keyText) as ParkedKey;
  parking.set(lp, keyText, [blocker, watermarkMs, first, next]);
};

const applyRow = (
  task: KeyedTask,
  builder: PieceBuilder,
  { lp }: { readonly lp: number },
  [row, watermarkMs, sequenceNumber, arrivalMs, epoch = 1]: WaitingRow,
): 'done' | 'rejected' | 'later' => {
  const { session } = builder;
  session.lp = lp;
  session.asOfMs = watermarkMs;
  const outcome = builder.attemptOrLeave(
    () => rowOrigin(task, lp, row, { sequenceNumber, arrivalMs }, epoch),
    task.stage,
    () => task.program.onRow(session, row, task.epochs.from(epoch)),
  );
  session.asOfMs = undefined;
  return outcome;
};
