import type { JoinProgram } from './interval-join.ts';
import type { WindowProgram } from './window-program.ts';

/** An operator of a keyed stage that keeps a table of state. */
export type StateProgram = WindowProgram | JoinProgram;

export const isWindow = (program: StateProgram): program is WindowProgram => 'aggregates' in program;

/** A window, where nothing else can be meant: a join fires nothing that could fail, and nothing is combined for it. */
export const requireWindow = (program: StateProgram | undefined): WindowProgram => {
  if (program !== undefined && isWindow(program)) return program;
  throw new Error(`'${program?.table.id}' is no window`);
};
