import type { CommittedState } from '../commit/committed-state.ts';
import type { StoredRow } from '../commit/hop-rows.ts';
import { partitionOfKey } from '../operators/key-of.ts';
import { RejectionError } from '../operators/rejection-error.ts';
import type { UpgradedWindow } from '../operators/stage-upgrade.ts';
import { PaneClosed } from '../operators/window-program.ts';
import type { StateTable } from '../state/state-table.ts';
import { watermarkAt } from '../time/floor.ts';
import type { StageEpochs } from './epoch-reader.ts';
import { fireTimers } from './fire-timers.ts';
import type { KeyedTask } from './keyed-task.ts';
import { blockerIn, Parking } from './parking.ts';
import { type QuarantinedRecord, quarantineId } from './quarantine.ts';
import { attemptAgain, type RedriveTask } from './redrive-piece.ts';
import { releaseKey } from './release-key.ts';
import { ownTables } from './task-tables.ts';

/**
 * Applies quarantined rows and panes to the keyed state again. What a parked key waits for is processed as of when it was
 * rejected, and then all that waits behind it; anything else as of now.
 *
 * @param releaseOnly leaves the rejected ones in quarantine and only lets go on what waits behind them
 */
export const keyedRedrive = (task: KeyedTask, releaseOnly: boolean): RedriveTask => ({
  limits: task.limits,
  table: ownTables(task.program.tables).redriven,
  lpOf: (record) => partitionOf(record, task.partitions),
  begin: (state, builder) => {
    const { session } = builder;
    const parking = new Parking(task, state, builder);
    // Between two slices of a firing some panes are out already: what the marks let fire is closed to all that comes now.
    const nowMs = Math.max(state.head.watermarkMs, state.marks.watermarkMs());
    const apply = (record: QuarantinedRecord, lp: number, watermarkMs: number) => {
      session.lp = lp;
      const content: unknown = JSON.parse(record.payload);
      if (record.payloadKind === 'row') {
        task.program.onRow(session, content as StoredRow, task.epochs.from(record.epoch ?? 1));
        return;
      }
      const window = windowOf(task.program.tables, task.epochs, record);
      if (window === undefined) throw new PaneClosed(`window '${record.window}' was dropped by a later version`);
      task.program.fireDropped(session, window.table, lp, window.read(content), watermarkMs);
    };
    return {
      redrive: (record) => {
        const key = { lp: partitionOf(record, task.partitions), keyText: keyTextOf(record) };
        const parked = parking.get(key.lp, key.keyText);
        const isBlocker = parked !== undefined && parked[0] === quarantineId(record);
        if (releaseOnly) {
          if (!isBlocker) return 'kept';
          releaseKey(task, state, builder, parking, key);
          return 'released';
        }
        const asOfMs = isBlocker ? parked[1] : watermarkAt(state.floors, key.lp, nowMs);
        session.asOfMs = asOfMs;
        const outcome = attemptAgain(builder, record, () => orPaneClosed(record, () => apply(record, key.lp, asOfMs)));
        session.asOfMs = undefined;
        if (isBlocker && outcome === 'done') releaseKey(task, state, builder, parking, key);
        if (isBlocker && outcome === 'rejected') parking.moveBlocker(key.lp, key.keyText);
        return outcome;
      },
      end: () => {
        for (const key of parking.beingReleased()) {
          if (!builder.isFull && parking.get(key.lp, key.keyText)?.[0] === '')
            releaseKey(task, state, builder, parking, key);
        }
        fireTimers(task, state, builder, parking, state.head.watermarkMs);
      },
    };
  },
});

/** The partition that owns a row or a pane. Items of early releases do not say. */
export const partitionOf = (record: QuarantinedRecord, partitions: number): number =>
  record.lp ?? partitionOfKey(keyTextOf(record), partitions);

/** The window that a pane was dropped from, whatever it is called today; the only one, where the item does not say. */
export const windowOf = (
  tables: readonly StateTable[],
  epochs: StageEpochs,
  { window, epoch = 1 }: QuarantinedRecord,
): UpgradedWindow | undefined => {
  const upgrade = epochs.from(epoch);
  if (upgrade !== undefined) return upgrade.window(window);
  const table = window === undefined && tables.length === 1 ? 0 : tables.findIndex(({ id }) => id === window);
  return table === -1 ? undefined : { table, read: (value) => value };
};

/** Whether a parked key waits for this record. Its partition has to be loaded. */
export const isWaitedFor = (
  tables: readonly StateTable[],
  partitions: number,
  state: CommittedState,
  record: QuarantinedRecord,
): boolean => blockerIn(state, tables, partitionOf(record, partitions), keyTextOf(record)) === quarantineId(record);

const keyTextOf = ({ payloadKind, payload }: QuarantinedRecord): string => {
  const content = JSON.parse(payload) as readonly unknown[];
  return JSON.stringify(payloadKind === 'row' ? content[2] : content[0]);
};

/** A combined row that was rejected long ago: its pane is gone, and its accumulators are no late record. */
const orPaneClosed = ({ operator }: QuarantinedRecord, run: () => void): void => {
  try {
    run();
  } catch (error) {
    if (error instanceof PaneClosed) throw new RejectionError('PANE_CLOSED', operator, error.message, '', error);
    throw error;
  }
};
