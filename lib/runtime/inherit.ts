import type { Position } from '../commit/commit.ts';
import { CommittedState, type TaskShape } from '../commit/committed-state.ts';
import type { LpRange } from '../commit/marks.ts';
import { emptyOutbox } from '../commit/outbox.ts';
import type { EntryChange } from '../state/state-table.ts';
import { type Floor, floorsAbove } from '../time/floor.ts';
import { intersect } from './cut-packets.ts';
import { arrivalOf, decodeHold, encodeHold, type Hold, holdKey, holdTable } from './hold-table.ts';

/**
 * What a child begins with: of its sealed parents, the partitions in its range, with marks and holds, under a watermark that
 * none of them had passed. Its numbers go on from the largest of theirs, so that no fence downstream ever sees one fall.
 */
export const inherit = (shape: TaskShape, parents: readonly CommittedState[]): CommittedState => {
  const state = new CommittedState(shape, headOf(parents, shape.epochs.epoch), emptyOutbox);
  state.excluded = parents.every((parent) => parent.excluded);
  for (const coverage of state.coverage.values()) coverage.lastN.fill(state.head.n);
  for (const parent of parents) {
    // What belongs to no partition is known to every child.
    state.keyed.apply(state.head.n, entriesOf(parent, { from: -1, to: -1 }));
    const range = meet(shape.owned, parent.marks.owned);
    if (range === undefined) continue;
    for (const mark of parent.marks.toChanges(range)) state.marks.apply(mark);
    state.keyed.apply(state.head.n, entriesOf(parent, range));
    state.keyed.apply(state.head.n, holdsOf(parent, range));
  }
  state.floors = floorsAbove(
    parents.flatMap((parent) => floorsOf(parent)),
    state.head.watermarkMs,
  );
  return state;
};

const headOf = (parents: readonly CommittedState[], epoch: number) => {
  const waitedFor = parents.filter((parent) => !parent.excluded);
  const slowest = waitedFor.length === 0 ? parents : waitedFor;
  return {
    n: Math.max(...parents.map(({ head }) => head.n)),
    attemptId: 'genesis',
    epoch,
    kind: 'genesis' as const,
    position: beforeFirst(parents),
    watermarkMs: Math.min(...slowest.map(({ head }) => head.watermarkMs)),
  };
};

/** A child holds nothing older than what its parents took while they were open. */
const beforeFirst = (parents: readonly CommittedState[]): Position => ({
  sequenceNumber: undefined,
  arrivalMs: Math.max(...parents.map(({ head }) => head.position.arrivalMs)),
  emptyAsOfMs: 0,
});

/** What a parent may have fired: it marks its own watermark as passed only with the last slice of timers. */
const floorsOf = (parent: CommittedState): Floor[] => [
  ...parent.floors,
  { ...parent.marks.owned, watermarkMs: Math.max(parent.head.watermarkMs, parent.marks.watermarkMs()) },
];

function* entriesOf({ keyed }: CommittedState, { from, to }: LpRange): Generator<EntryChange> {
  const holds = keyed.tables.indexOf(holdTable);
  for (const { lp, tables, isLoaded } of keyed.partitions.values()) {
    if (lp < from || lp > to) continue;
    if (!isLoaded) throw new Error(`partition ${lp} is inherited and not loaded`);
    for (const [table, entries] of tables.entries()) {
      if (table === holds) continue;
      for (const [key, value] of entries) yield { lp, table, key, value };
    }
  }
}

/** A held run may reach over the end of the child's range, and is kept where it begins. */
function* holdsOf({ keyed }: CommittedState, { from, to }: LpRange): Generator<EntryChange> {
  const table = keyed.tables.indexOf(holdTable);
  for (const { tables } of keyed.partitions.values()) {
    for (const hold of tables[table]?.values() ?? []) {
      const packet = decodeHold(hold as Hold);
      for (const run of intersect(packet.runs, from, to)) {
        yield {
          lp: run.from,
          table,
          key: holdKey(packet, run),
          value: encodeHold(packet, run, arrivalOf(hold as Hold)),
        };
      }
    }
  }
}

const meet = (a: LpRange, b: LpRange): LpRange | undefined => {
  const range = { from: Math.max(a.from, b.from), to: Math.min(a.to, b.to) };
  return range.from <= range.to ? range : undefined;
};
