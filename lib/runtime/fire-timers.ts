import type { CommittedState } from '../commit/committed-state.ts';
import type { Timer } from '../state/timer-heap.ts';
import { DueQueue } from './due-queue.ts';
import type { KeyedTask } from './keyed-task.ts';
import type { Parking } from './parking.ts';
import type { PieceBuilder } from './piece.ts';

/**
 * Fires what is due at the watermark in partitions that are loaded, up to the bounds of the commit: what is left is still
 * due in the next one, and the watermark moves on with the last. Within a partition the order is that of time. Panes of
 * parked keys are left as they are.
 *
 * @returns whether nothing is left that is due
 */
export const fireTimers = (
  task: KeyedTask,
  state: CommittedState,
  builder: PieceBuilder,
  parking: Parking,
  watermarkMs: number,
): boolean => {
  const { due, isAll } = collectDue(task, state, builder, parking, watermarkMs);
  const queue = new DueQueue(due);
  for (let timer = queue.take(); timer !== undefined; timer = queue.take()) {
    // What its key has done before in this commit may have parked it.
    if (isParked(task, parking, timer)) continue;
    const againMs = fireOnce(task, builder, parking, timer, watermarkMs);
    if (againMs === 'later') return false;
    // Where only a part of what is due was taken, others come before.
    if (isAll && againMs !== undefined) queue.add({ ...timer, timeMs: againMs });
  }
  return isAll;
};

/**
 * Fires what was due of one parked key at a watermark of its past. False where the commit is full before, or where
 * something threw: then the key waits for that.
 */
export const firePast = (
  task: KeyedTask,
  state: CommittedState,
  builder: PieceBuilder,
  parking: Parking,
  { lp, keyText }: { readonly lp: number; readonly keyText: string },
  watermarkMs: number,
): boolean => {
  const due: Timer[] = [];
  for (const [table, spec] of task.program.tables.entries()) {
    const entries = new Map(state.keyed.partitions.get(lp)?.tables[table]);
    for (const { key, value } of builder.session.state.written(table).values()) entries.set(key, value);
    for (const [key, value] of entries) {
      if (value === undefined || spec.keyTextOf?.(key) !== keyText) continue;
      const timeMs = spec.timerMs(value);
      if (timeMs !== undefined && timeMs <= watermarkMs) due.push({ timeMs, lp, table, key });
    }
  }
  const blocker = parking.get(lp, keyText)?.[0];
  const queue = new DueQueue(due.sort((a, b) => a.timeMs - b.timeMs));
  for (let timer = queue.take(); timer !== undefined; timer = queue.take()) {
    const againMs = fireOnce(task, builder, parking, timer, watermarkMs);
    if (againMs === 'later' || parking.get(lp, keyText)?.[0] !== blocker) return false;
    if (againMs !== undefined) queue.add({ ...timer, timeMs: againMs });
  }
  return true;
};

const isParked = (task: KeyedTask, parking: Parking, { lp, table, key }: Timer): boolean =>
  parking.mayHold(lp) && parking.get(lp, task.program.tables[table]?.keyTextOf?.(key) ?? '') !== undefined;

/** What is due, in the order of time. `isAll` is false where more is due than one commit takes, or than is loaded. */
const collectDue = (
  task: KeyedTask,
  state: CommittedState,
  builder: PieceBuilder,
  parking: Parking,
  watermarkMs: number,
): { readonly due: readonly Timer[]; readonly isAll: boolean } => {
  const { state: overlay } = builder.session;
  const due: Timer[] = [];
  for (const [table, spec] of task.program.tables.entries()) {
    for (const { lp, key, value } of overlay.written(table).values()) {
      const timeMs = value === undefined ? undefined : spec.timerMs(value);
      if (timeMs !== undefined && timeMs <= watermarkMs) due.push({ timeMs, lp, table, key });
    }
  }
  const isAll = collectCommitted(task, state, builder, parking, watermarkMs, due);
  // Keys that are due at one time fire in any order, those of a partition side by side.
  due.sort((a, b) => a.timeMs - b.timeMs);
  return { due, isAll };
};

/** Adds timers of the committed state, one partition after the other, but those of entries that this commit wrote. */
const collectCommitted = (
  task: KeyedTask,
  { keyed }: CommittedState,
  { session }: PieceBuilder,
  parking: Parking,
  watermarkMs: number,
  due: Timer[],
): boolean => {
  const most = due.length + task.limits.timers;
  let isAll = true;
  for (const partition of keyed.partitions.values()) {
    if (!partition.isLoaded) {
      if (partition.timerMs <= watermarkMs) isAll = false;
      continue;
    }
    for (const timer of partition.due(watermarkMs)) {
      if (session.state.written(timer.table).has(timer.key) || isParked(task, parking, timer)) continue;
      if (due.length === most) return false;
      due.push(timer);
    }
  }
  return isAll;
};

/**
 * Fires an entry once: it may hold several sessions, or be a slice of several windows. Another one may have done that for it since.
 * @returns when it is due again, if it is due at the watermark again; `later` where the commit is full before
 */
const fireOnce = (
  task: KeyedTask,
  builder: PieceBuilder,
  parking: Parking,
  timer: Timer,
  watermarkMs: number,
): number | undefined | 'later' => {
  const { state } = builder.session;
  const dueMs = (): number | undefined => {
    const value = state.get(timer.lp, timer.table, timer.key);
    const timeMs = value === undefined ? undefined : task.program.tables[timer.table]?.timerMs(value);
    return timeMs === undefined || timeMs > watermarkMs ? undefined : timeMs;
  };
  const nowMs = dueMs();
  if (nowMs !== timer.timeMs) return nowMs;
  if (builder.isFull || !fire(task, builder, parking, timer, watermarkMs)) return 'later';
  return dueMs();
};

/** False where its output has to wait for the next commit. A pane that throws goes to quarantine with its accumulators. */
const fire = (task: KeyedTask, builder: PieceBuilder, parking: Parking, timer: Timer, watermarkMs: number): boolean => {
  const { session } = builder;
  const { table, lp, key } = timer;
  // Asked for once, when all that the pane did is undone.
  const drop = () => originOf(task, timer, task.program.dropDue(session, table, lp, key, watermarkMs));
  const outcome = builder.attempt(drop, () => task.program.onTimer(session, table, lp, key, watermarkMs));
  if (outcome === 'blocked') {
    if (session.isEmpty) throw builder.blockedBy;
    return false;
  }
  if (outcome === 'overflow') {
    if (session.outputBytes > 0) return false;
    builder.rejectTooLarge(drop(), task.program.tables[table]?.id ?? '');
  }
  if (outcome !== 'done') parking.park(lp, task.program.tables[table]?.keyTextOf?.(key) ?? '', watermarkMs);
  return true;
};

const originOf = (task: KeyedTask, { table, lp }: Timer, pane: unknown) => ({
  stage: task.stage,
  shardId: task.shardId,
  sequenceNumber: '',
  subSequenceNumber: 0,
  arrivalMs: 0,
  payloadKind: 'pane' as const,
  payload: JSON.stringify(pane),
  lp,
  window: task.program.tables[table]?.id ?? '',
  ...(task.epochs.epoch > 1 && { epoch: task.epochs.epoch }),
});
