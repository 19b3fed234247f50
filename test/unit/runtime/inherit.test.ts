import { describe, expect, it } from 'vitest';
import { CommittedState, type TaskShape } from '../../../lib/commit/committed-state.ts';
import type { LpRange } from '../../../lib/commit/marks.ts';
import { emptyOutbox } from '../../../lib/commit/outbox.ts';
import { ComputeSession } from '../../../lib/operators/compute-session.ts';
import { encodeHold, type Hold, holdKey, holdTable } from '../../../lib/runtime/hold-table.ts';
import { inherit as inheritFrom } from '../../../lib/runtime/inherit.ts';
import type { StatePartition } from '../../../lib/state/state-partition.ts';

const P = 8;
const shape = (from: number, to: number) => ({
  tables: [{ id: 'panes', timerMs: () => undefined }, holdTable],
  partitions: P,
  owned: { from, to },
  producers: ['u/a'],
  destinations: ['next'],
  epochs: { epoch: 1, from: () => undefined },
});

interface ParentFacts {
  readonly n: number;
  readonly watermarkMs: number;
  /** What its producer has sent; by default as far as its own watermark. */
  readonly heardMs?: number;
}

/** A sealed parent with one entry in each of its partitions. */
const parent = ({ from, to }: LpRange, { n, watermarkMs, heardMs = watermarkMs }: ParentFacts): CommittedState => {
  const position = { sequenceNumber: '9', arrivalMs: n, emptyAsOfMs: 99 };
  const head = { n, attemptId: 'a', epoch: 1, kind: 'seal' as const, position, watermarkMs };
  const state = new CommittedState(shape(from, to), head, emptyOutbox);
  for (let lp = from; lp <= to; lp++) state.keyed.apply(1, [{ lp, table: 0, key: `k${lp}`, value: lp }]);
  state.marks.apply({ producer: 'u/a', from, to, n: 5, watermarkMs: heardMs, excluded: false, status: 'active' });
  return state;
};

/** All of it at once, which only a test has the memory for. */
const inherit = async (childShape: TaskShape, parents: readonly CommittedState[]): Promise<CommittedState> => {
  const { state, partitions } = inheritFrom(
    childShape,
    parents.map((sealed) => ({ state: sealed, look: async (lp, at) => at(sealed.keyed.partition(lp)) })),
  );
  const all: StatePartition[] = [];
  for await (const partition of partitions()) all.push(partition);
  for (const partition of all) state.keyed.partitions.set(partition.lp, partition);
  return state;
};

const lpsOf = (state: CommittedState, table: number): number[] =>
  [...state.keyed.partitions.values()].filter(({ tables }) => (tables[table]?.size ?? 0) > 0).map(({ lp }) => lp);

const latenessAt = (state: CommittedState, lp: number): number => {
  const session = new ComputeSession(state.keyed, state.head.watermarkMs, true, state.floors);
  session.lp = lp;
  return session.watermarkMs;
};

describe('what a child inherits', () => {
  const low = { from: 0, to: 3 };
  const high = { from: 4, to: 7 };

  it('is, after a split, the partitions in its range', async () => {
    const child = await inherit(shape(2, 3), [parent(low, { n: 9, watermarkMs: 100 })]);
    expect(lpsOf(child, 0)).toEqual([2, 3]);
    expect(child.marks.toChanges()).toMatchObject([{ producer: 'u/a', from: 2, to: 3, n: 5, watermarkMs: 100 }]);
    expect(child.head).toMatchObject({ n: 9, kind: 'genesis', watermarkMs: 100 });
    expect(child.floors).toEqual([]);
  });

  it('is, after a merge, what both had, with the larger number and the smaller watermark', async () => {
    const child = await inherit(shape(0, 7), [
      parent(low, { n: 9, watermarkMs: 100 }),
      parent(high, { n: 4, watermarkMs: 60 }),
    ]);
    expect(lpsOf(child, 0)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(child.head).toMatchObject({ n: 9, watermarkMs: 60 });
    expect(child.coverage.get('next')?.lastN[7]).toBe(9);
  });

  it('keeps closed what the faster parent of a merge has closed, until its own watermark is there', async () => {
    const child = await inherit(shape(0, 7), [
      parent(low, { n: 9, watermarkMs: 100 }),
      parent(high, { n: 4, watermarkMs: 60 }),
    ]);
    expect([latenessAt(child, 3), latenessAt(child, 4)]).toEqual([100, 60]);
    const header = { ...child.head, n: 10, watermarkMs: 100 };
    const body = { changes: [], marks: [], excluded: false, rejections: child.rejections, outbox: emptyOutbox };
    child.apply({ header, body });
    expect(child.floors).toEqual([]);
  });

  it('counts as closed what a parent may have fired before it could say so', async () => {
    const slices = parent(low, { n: 9, watermarkMs: 60, heardMs: 120 });
    const child = await inherit(shape(0, 7), [slices, parent(high, { n: 4, watermarkMs: 70 })]);
    expect([latenessAt(child, 0), latenessAt(child, 4)]).toEqual([120, 70]);
    const grandchild = await inherit(shape(0, 3), [child]);
    expect(latenessAt(grandchild, 0)).toBe(120);
  });

  it('has the waiting packets that reach into its range, cut to it', async () => {
    const holder = parent(low, { n: 9, watermarkMs: 100 });
    const rows = [0, 1, 2, 3].map((lp) => ({ lp, rows: [] }));
    const packet = { producer: 'u/a', n: 7, watermarkMs: 0, excluded: false, epoch: 1, runs: [], rows, children: [] };
    const run = { from: 1, to: 3, prev: 6 };
    holder.keyed.apply(1, [
      {
        lp: 1,
        table: 1,
        key: holdKey(packet, run),
        value: encodeHold(packet, run, { sequenceNumber: '3', arrivalMs: 4 }),
      },
    ]);
    const children = [await inherit(shape(0, 1), [holder]), await inherit(shape(2, 3), [holder])];
    const holds = children.map((child) =>
      lpsOf(child, 1).flatMap((lp) => [...(child.keyed.partition(lp).tables[1]?.values() ?? [])] as Hold[]),
    );
    expect(holds.map((list) => list.map(([, , , , cut, kept]) => [cut, kept.map(([lp]) => lp)]))).toEqual([
      [[[1, 1, 6], [1]]],
      [
        [
          [2, 3, 6],
          [2, 3],
        ],
      ],
    ]);
  });

  it('is, of what belongs to no partition, all of it in every child', async () => {
    const knowing = parent(low, { n: 9, watermarkMs: 100 });
    knowing.keyed.apply(1, [{ lp: -1, table: 0, key: 'redriven', value: 1 }]);
    const children = [await inherit(shape(0, 1), [knowing]), await inherit(shape(2, 3), [knowing])];
    expect(children.map((child) => child.keyed.partition(-1).tables[0]?.get('redriven'))).toEqual([1, 1]);
  });

  it('does not call what came to its parents its own, nor what was seen of their ends', async () => {
    const child = await inherit(shape(0, 3), [parent(low, { n: 9, watermarkMs: 100 })]);
    expect(child.head.position).toEqual({ sequenceNumber: undefined, arrivalMs: 9, emptyAsOfMs: 0 });
  });
});
