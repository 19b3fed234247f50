import type { KeyedState } from '../state/keyed-state.ts';
import { holdTable } from './hold-table.ts';
import { isKeyEntry } from './parking.ts';
import type { Waiting } from './ports.ts';
import { parkedTable } from './task-tables.ts';

/** Counts what waits, as far as it is in memory: what waits is loaded in every commit. */
export const waitingIn = (keyed: KeyedState): Waiting => {
  let heldRuns = 0;
  let parkedKeys = 0;
  let parkedRows = 0;
  for (const { entries } of keyed.having(keyed.tables.indexOf(holdTable))) heldRuns += entries.size;
  for (const { entries } of keyed.having(keyed.tables.indexOf(parkedTable))) {
    for (const entry of entries.keys()) {
      if (isKeyEntry(entry)) parkedKeys++;
      else parkedRows++;
    }
  }
  return { heldRuns, parkedKeys, parkedRows };
};
