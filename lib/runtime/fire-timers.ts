import type { CommittedState } from '../commit/committed-state.ts';
import { getOrAdd } from '../core/get-or-add.ts';
import type { Timer } from '../state/partition-timers.ts';
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
  const written = writtenDue(task, builder, watermarkMs);
  let isAll = true;
  let room = task.limits.timers;
  for (const lp of new Set([...state.keyed.partitions.keys(), ...written.keys()])) {
    const partition = state.keyed.partitions.get(lp);
    if (partition?.isLoaded === false) {
      if (partition.timerMs <= watermarkMs) isAll = false;
      continue;
    }
    const due = written.get(lp) ?? [];
    let isWhole = true;
    // One partition after the other: what the commit has no room for is not even collected.
    for (const timer of partition?.due(watermarkMs) ?? []) {
      if (builder.session.state.written(timer.table).has(timer.key) || isParked(task, parking, timer)) continue;
      isWhole = room > 0;
      if (!isWhole) break;
      room--;
      due.push(timer);
    }
    if (!isWhole) isAll = false;
    // What its key has done before in this commit may have parked it.
    const skips = (timer: Timer) => isParked(task, parking, timer);
    if (!fireInOrder(task, builder, parking, due, watermarkMs, { skips, isWhole })) return false;
  }
  return isAll;
};

/** What is due of the entries that this commit wrote, by partition. */
const writtenDue = (task: KeyedTask, { session }: PieceBuilder, watermarkMs: number): Map<number, Timer[]> => {
  const due = new Map<number, Timer[]>();
  for (const [table, spec] of task.program.tables.entries()) {
    for (const { lp, key, value } of session.state.written(table).values()) {
      const timeMs = value === undefined ? undefined : spec.timerMs(value);
      if (timeMs !== undefined && timeMs <= watermarkMs) getOrAdd(due, lp, () => []).push({ timeMs, lp, table, key });
    }
  }
  return due;
};

interface Firing {
  /** Passed over. Asked for just before it would fire. */
  skips?(timer: Timer): boolean;
  /** Asked for after each that fired. */
  ends?(): boolean;
  /** Whether what is due again is fired again: where only a part of what is due was taken, others come before it. */
  readonly isWhole: boolean;
}

/** Fires in the order of time. @returns false where the commit is full before all have, or it was ended */
const fireInOrder = (
  task: KeyedTask,
  builder: PieceBuilder,
  parking: Parking,
  due: Timer[],
  watermarkMs: number,
  { skips, ends, isWhole }: Firing,
): boolean => {
  const queue = new DueQueue(due.sort((a, b) => a.timeMs - b.timeMs));
  for (let timer = queue.take(); timer !== undefined; timer = queue.take()) {
    if (skips?.(timer) === true) continue;
    const againMs = fireOnce(task, builder, parking, timer, watermarkMs);
    if (againMs === 'later' || ends?.() === true) return false;
    if (isWhole && againMs !== undefined) queue.add({ ...timer, timeMs: againMs });
  }
  return true;
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
  const ends = () => parking.get(lp, keyText)?.[0] !== blocker;
  return fireInOrder(task, builder, parking, due, watermarkMs, { ends, isWhole: true });
};

const isParked = (task: KeyedTask, parking: Parking, { lp, table, key }: Timer): boolean =>
  parking.mayHold(lp) && parking.get(lp, task.program.tables[table]?.keyTextOf?.(key) ?? '') !== undefined;

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
