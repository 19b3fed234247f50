import type { LayoutChange } from '../state/state-layout.ts';
import type { EntryChange } from '../state/state-table.ts';
import type { StateUpgrade } from '../state/state-upgrade.ts';
import type { Accumulators } from './pane-aggregates.ts';
import { isWindow, type StateProgram } from './state-program.ts';

/** What a stage reads of an earlier epoch: entries, outputs, and combined rows that were sent then. */
export interface StageUpgrade extends StateUpgrade {
  /** The window that combined rows are for, and their accumulators; `undefined` where that window is dropped. */
  combined(accumulators: Accumulators): { readonly table: number; readonly accumulators: Accumulators } | undefined;
  /**
   * The window that had this id, and how its entries read today; `undefined` where it is dropped, or was none. Early releases
   * did not note the id where there was one window only.
   */
  window(id: string | undefined): UpgradedWindow | undefined;
}

export interface UpgradedWindow {
  readonly table: number;
  read(value: unknown): unknown;
}

/** Compiles the way from an earlier layout of a stage to that of its windows and joins. */
export const compileUpgrade = (change: LayoutChange, programs: readonly StateProgram[]): StageUpgrade => {
  const [before, now] = change.tableCounts;
  const tables = change.tables.map((table) => {
    if (table === undefined) return undefined;
    const program = programs[table.table] as StateProgram;
    if (!isWindow(program)) return { table: table.table, read: (value: unknown) => value, accumulators: undefined };
    const accumulators = program.aggregates.upgradeFrom(table.accumulators);
    return {
      table: table.table,
      read: (value: unknown) => program.mapAccumulators(value, accumulators),
      accumulators,
    };
  });
  return {
    entry(entry): EntryChange | undefined {
      // Tables of the runtime follow those of the operators, and are the same in all epochs.
      if (entry.table >= before) return { ...entry, table: entry.table - before + now };
      const target = tables[entry.table];
      if (target === undefined) return undefined;
      const { table, read } = target;
      return { ...entry, table, value: entry.value === undefined ? undefined : read(entry.value) };
    },
    sink: (id) => change.sinks.get(id),
    combined(accumulators) {
      const target = change.combined === undefined ? undefined : tables[change.combined];
      return target?.accumulators && { table: target.table, accumulators: target.accumulators(accumulators) };
    },
    window(id) {
      return tables[id === undefined && change.ids.length === 1 ? 0 : change.ids.indexOf(id ?? '')];
    },
  };
};
