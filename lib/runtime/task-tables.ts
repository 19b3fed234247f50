import type { StateTable } from '../state/state-table.ts';
import { holdTable } from './hold-table.ts';

/** Keys whose rows wait, and the rows. */
export const parkedTable: StateTable = { id: '@parked', timerMs: () => undefined, watched: true };

/** Quarantined records that were redriven and are not marked as such yet. */
const redrivenTable: StateTable = { id: '@redriven', timerMs: () => undefined };

/** All tables of a task: those of its operators, and behind them those that the runtime keeps for itself. */
export const taskTables = (operators: readonly StateTable[]): readonly StateTable[] => [
  ...operators,
  holdTable,
  parkedTable,
  redrivenTable,
];

/** Where the runtime's own tables are among a task's. */
export const ownTables = (operators: readonly StateTable[]) => ({
  holds: operators.length,
  parked: operators.length + 1,
  redriven: operators.length + 2,
});
