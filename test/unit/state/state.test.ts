import { describe, expect, it } from 'vitest';
import { Journal } from '../../../lib/state/journal.ts';
import { KeyedState } from '../../../lib/state/keyed-state.ts';
import { StateOverlay } from '../../../lib/state/state-overlay.ts';
import type { StatePartition } from '../../../lib/state/state-partition.ts';
import type { EntryChange, StateTable } from '../../../lib/state/state-table.ts';
import { TimeHeap } from '../../../lib/state/time-heap.ts';

const table: StateTable = { id: 't', timerMs: (value) => (typeof value === 'number' ? value : undefined) };
const change = (key: string, value: number | string | undefined) => ({ lp: 1, table: 0, key, value });

describe('Journal', () => {
  it('takes back what came after the last begin, in maps and arrays', () => {
    const journal = new Journal();
    const map = new Map([['a', 1]]);
    const list = ['x'];
    journal.set(map, 'b', 2);
    journal.push(list, 'y');
    journal.begin();
    journal.set(map, 'a', 10);
    journal.set(map, 'a', 11);
    journal.set(map, 'c', 3);
    journal.push(list, 'z');
    journal.rollback();
    expect([...map]).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    expect(list).toEqual(['x', 'y']);
    journal.rollback();
    expect(list).toEqual(['x', 'y']);
  });

  it('gives back a value that was undefined as one that is there', () => {
    const journal = new Journal();
    const map = new Map<string, number | undefined>([['a', undefined]]);
    journal.begin();
    journal.set(map, 'a', 1);
    journal.rollback();
    expect([...map]).toEqual([['a', undefined]]);
  });
});

describe('StateOverlay', () => {
  it('shows its own writes above a committed state that it never touches', () => {
    const base = new KeyedState([table]);
    base.apply(1, [change('a', 1), change('b', 2)]);
    const overlay = new StateOverlay(base, new Journal());
    overlay.set(1, 0, 'a', 5);
    overlay.set(1, 0, 'b', undefined);
    expect([overlay.get(1, 0, 'a'), overlay.get(1, 0, 'b')]).toEqual([5, undefined]);
    expect([base.get(1, 0, 'a'), base.get(1, 0, 'b')]).toEqual([1, 2]);
    expect([...overlay.changes()]).toMatchObject([change('a', 5), change('b', undefined)]);
  });

  it('knows how large its changes are, each entry once, and without what was undone', () => {
    const journal = new Journal();
    const overlay = new StateOverlay(new KeyedState([table]), journal);
    overlay.set(1, 0, 'a', 'x'.repeat(100));
    overlay.set(1, 0, 'a', 'x'.repeat(500));
    const { bytes } = overlay;
    expect(bytes).toBe(503);
    journal.begin();
    overlay.begin();
    overlay.set(1, 0, 'b', 'x'.repeat(900));
    expect(overlay.bytes).toBeGreaterThan(bytes + 900);
    journal.rollback();
    overlay.rolledBack();
    expect(overlay.bytes).toBe(bytes);
    overlay.set(1, 0, 'a', undefined);
    expect(overlay.bytes).toBe(1);
  });

  it('does not commit the deletion of what was never there', () => {
    const overlay = new StateOverlay(new KeyedState([table]), new Journal());
    overlay.set(1, 0, 'a', 5);
    overlay.set(1, 0, 'a', undefined);
    expect([...overlay.changes()]).toEqual([]);
  });
});

/** What a run of the next snapshot would say. */
const changedIn = ({ tables }: StatePartition) => [...(tables[0]?.changes() ?? [])];

describe('a loaded partition', () => {
  const due = (partition: StatePartition, watermarkMs: number): string[] =>
    [...partition.due(watermarkMs)].map(({ key, timeMs }) => `${key}@${timeMs}`);
  const made = (...commits: EntryChange[][]): StatePartition => {
    const state = new KeyedState([table]);
    for (const [i, changes] of commits.entries()) state.apply(i + 1, changes);
    return state.partition(1);
  };

  it('gives due timers in the order of time, and only those that still hold', () => {
    const partition = made(
      [change('a', 30), change('b', 10), change('c', 20), change('d', 99)],
      [change('c', undefined), change('b', 25)],
    );
    expect(due(partition, 50)).toEqual(['b@25', 'a@30']);
    expect(due(partition, 98)).toEqual(['b@25', 'a@30']);
    expect(due(partition, 99)).toEqual(['b@25', 'a@30', 'd@99']);
    expect(partition.timerMs).toBe(25);
  });

  it('finds a timer again that was moved away and back', () => {
    const partition = made([change('a', 10)], [change('a', 20)]);
    expect(due(partition, 15)).toEqual([]);
    partition.apply(3, change('a', 10));
    expect(due(partition, 15)).toContain('a@10');
  });

  it('knows which entries changed since the snapshot, deleted ones too', () => {
    const partition = made([change('a', 1), change('b', 2)]);
    partition.covered(1);
    expect(partition.isDirty).toBe(false);
    partition.apply(2, change('a', undefined));
    expect(changedIn(partition)).toEqual([['a', undefined]]);
    partition.covered(2);
    expect(partition.isDirty).toBe(false);
  });

  it('knows what changed after a snapshot of another container, which covers a part of its commits', () => {
    const partition = made(
      [change('a', 1)],
      [change('b', 2)],
      [change('a', 3), change('c', 3), change('b', undefined)],
    );
    partition.covered(2);
    expect(changedIn(partition)).toEqual([
      ['a', 3],
      ['c', 3],
      ['b', undefined],
    ]);
  });

  it('takes memory by what it holds', () => {
    const partition = made([change('a', 1), change('b', 'x'.repeat(1_000))]);
    const { bytes } = partition;
    expect(bytes).toBeGreaterThan(1_000);
    partition.apply(2, change('b', 'x'.repeat(500)));
    expect(partition.bytes).toBe(bytes - 500);
    partition.apply(3, change('a', undefined));
    partition.apply(4, change('b', undefined));
    expect(partition.bytes).toBe(0);
  });
});

describe('a partition that is not loaded', () => {
  const stored = { timerMs: 50, watched: false, bytes: 1_000 };
  const absent = () => {
    const state = new KeyedState([table]);
    state.declare(1, stored);
    return state;
  };

  it('refuses to be read, also for what is known to have changed', () => {
    const state = absent();
    state.apply(7, [change('a', 60)]);
    expect(() => state.get(1, 0, 'a')).toThrow('not loaded');
    expect(() => new StateOverlay(state, new Journal()).get(1, 0, 'b')).toThrow('not loaded');
    expect(state.get(2, 0, 'b')).toBeUndefined();
  });

  it('takes changes, which are newer than what is loaded later', () => {
    const state = absent();
    state.apply(7, [change('a', 60), change('b', undefined)]);
    const partition = state.partition(1);
    partition.load([change('a', 1), change('b', 2), change('c', 70), change('d', 4), change('d', undefined)]);
    expect(['a', 'b', 'c', 'd'].map((key) => state.get(1, 0, key))).toEqual([60, undefined, 70, undefined]);
    expect([...partition.due(100)].map(({ key }) => key)).toEqual(['a', 'c']);
    expect(changedIn(partition)).toEqual([
      ['a', 60],
      ['b', undefined],
    ]);
  });

  it('is due when its first timer is, or an earlier one that was added', () => {
    const state = absent();
    expect(state.partition(1).timerMs).toBe(50);
    state.apply(7, [change('a', 60)]);
    expect(state.partition(1).timerMs).toBe(50);
    state.apply(8, [change('a', 40)]);
    expect(state.partition(1).timerMs).toBe(40);
  });

  it('is what a loaded one becomes when it is unloaded, without what changed since the snapshot', () => {
    const state = absent();
    const partition = state.partition(1);
    partition.load([change('a', 10), change('b', 20), change('c', 30)]);
    state.apply(7, [change('b', 25), change('a', undefined)]);
    const { bytes } = partition;
    partition.unload();
    expect(partition.isLoaded).toBe(false);
    expect(partition.bytes).toBeLessThan(bytes);
    expect(partition.timerMs).toBe(25);
    partition.load([change('a', 10), change('b', 20), change('c', 30)]);
    expect(partition.bytes).toBe(bytes);
    expect(['a', 'b', 'c'].map((key) => state.get(1, 0, key))).toEqual([undefined, 25, 30]);
  });

  it('forgets changes that a snapshot covers, and keeps later ones', () => {
    const state = absent();
    state.apply(7, [change('a', 60)]);
    state.apply(8, [change('b', 45)]);
    const partition = state.partition(1);
    partition.covered(7, { ...stored, timerMs: 55 });
    expect([...(partition.tables[0]?.keys() ?? [])]).toEqual(['b']);
    expect(partition.timerMs).toBe(45);
    partition.load([change('a', 60)]);
    expect([...partition.due(100)].map(({ key }) => key)).toEqual(['b', 'a']);
  });

  it('keeps an entry that came again after what a snapshot covers', () => {
    const state = absent();
    const partition = state.partition(1);
    for (const [i, value] of [60, undefined, 61].entries()) state.apply(7 + i, [change('a', value)]);
    partition.covered(8, stored);
    partition.load([]);
    expect(state.get(1, 0, 'a')).toBe(61);
    expect(changedIn(partition)).toEqual([['a', 61]]);
  });
});

describe('TimeHeap', () => {
  it('is empty when all has been taken', () => {
    const heap = new TimeHeap<string>();
    expect(heap.pop()).toBeUndefined();
    heap.push(1, 'a');
    expect([heap.firstMs, heap.first]).toEqual([1, 'a']);
    expect(heap.pop()).toBe('a');
    expect([heap.pop(), heap.firstMs, heap.size]).toEqual([undefined, undefined, 0]);
  });
});
