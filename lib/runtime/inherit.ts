import type { Position } from '../commit/commit.ts';
import { CommittedState, type TaskShape } from '../commit/committed-state.ts';
import type { LpRange } from '../commit/marks.ts';
import { emptyOutbox } from '../commit/outbox.ts';
import type { Inheritance } from '../commit/write-image.ts';
import type { StatePartition } from '../state/state-partition.ts';
import type { EntryChange } from '../state/state-table.ts';
import { type Floor, floorsAbove } from '../time/floor.ts';
import { intersect } from './cut-packets.ts';
import { arrivalOf, decodeHold, encodeHold, type Hold, holdKey, holdTable } from './hold-table.ts';

/** A parent's log, which was sealed. */
export interface SealedParent {
  /** Its last state. What every commit looks at is loaded. */
  readonly state: CommittedState;
  /** Has a look at a partition of it, which is in memory for so long. */
  look(lp: number, at: (partition: StatePartition) => void): Promise<void>;
}

/**
 * What a child begins with: of its sealed parents, the partitions in its range, with marks and holds, under a watermark that
 * none of them had passed. Its numbers go on from the largest of theirs, so that no fence downstream ever sees one fall.
 */
export const inherit = (shape: TaskShape, parents: readonly SealedParent[]): Inheritance => {
  const state = inheritWithoutKeys(
    shape,
    parents.map((parent) => parent.state),
  );
  return { state, partitions: () => inheritPartitions(state, parents) };
};

/** Everything but the entries of partitions. Packets that wait are kept where they go until these come. */
const inheritWithoutKeys = (shape: TaskShape, parents: readonly CommittedState[]): CommittedState => {
  const state = new CommittedState(shape, headOf(parents, shape.epochs.epoch), emptyOutbox);
  state.excluded = parents.every((parent) => parent.excluded);
  for (const coverage of state.coverage.values()) coverage.lastN.fill(state.head.n);
  for (const parent of parents) {
    const range = meet(shape.owned, parent.marks.owned);
    if (range === undefined) continue;
    for (const mark of parent.marks.toChanges(range)) state.marks.apply(mark);
    state.keyed.apply(state.head.n, holdsOf(parent, range));
  }
  state.floors = floorsAbove(
    parents.flatMap((parent) => floorsOf(parent)),
    state.head.watermarkMs,
  );
  return state;
};

/** One partition after the other: of a parent that is larger than memory, a part is there at a time. */
async function* inheritPartitions(
  { keyed, head, marks }: CommittedState,
  parents: readonly SealedParent[],
): AsyncGenerator<StatePartition> {
  const holds = keyed.tables.indexOf(holdTable);
  const own = ({ state }: SealedParent) => [...state.keyed.partitions.keys()].filter((lp) => isIn(marks.owned, lp));
  const lps = new Set([...keyed.partitions.keys(), ...parents.flatMap(own)]);
  for (const lp of [...lps].sort((a, b) => a - b)) {
    const partition = keyed.partition(lp);
    for (const { state, look } of parents) {
      if (!state.keyed.partitions.has(lp) || !isIn(state.marks.owned, lp)) continue;
      await look(lp, ({ tables }) => {
        for (const [table, entries] of tables.entries()) {
          if (table === holds) continue;
          for (const [key, value] of entries) partition.apply(head.n, { lp, table, key, value });
        }
      });
    }
    keyed.partitions.delete(lp);
    yield partition;
  }
}

/** What belongs to no partition, at −1, is known to every child. */
const isIn = ({ from, to }: LpRange, lp: number): boolean => lp === -1 || (lp >= from && lp <= to);

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
