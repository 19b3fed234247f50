import type { KeyedState } from '../state/keyed-state.ts';
import { holdTable } from './hold-table.ts';
import { isKeyEntry } from './parking.ts';
import type { Waiting } from './ports.ts';
import { parkedTable } from './task-tables.ts';

/** Counts what waits, as far as it is in memory: what waits is loaded in every commit. */
export const waitingIn = ({ tables, partitions }: KeyedState): Waiting => {
  const [holds, parked] = [tables.indexOf(holdTable), tables.indexOf(parkedTable)];
  let heldRuns = 0;
  let parkedKeys = 0;
  let entries = 0;
  for (const partition of partitions.values()) {
    heldRuns += partition.tables[holds]?.size ?? 0;
    for (const entry of partition.tables[parked]?.keys() ?? []) {
      entries++;
      if (isKeyEntry(entry)) parkedKeys++;
    }
  }
  return { heldRuns, parkedKeys, parkedRows: entries - parkedKeys };
};
