import { describe, expect, it } from 'vitest';
import { Journal } from '../../../lib/state/journal.ts';
import { KeyedState } from '../../../lib/state/keyed-state.ts';
import { StateOverlay } from '../../../lib/state/state-overlay.ts';
import type { StateTable } from '../../../lib/state/state-table.ts';
import { TimerHeap } from '../../../lib/state/timer-heap.ts';

const table: StateTable = { id: 't', timerMs: (value) => value as number };
const change = (key: string, value: number | undefined) => ({ lp: 1, table: 0, key, value });

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
    base.apply([change('a', 1), change('b', 2)]);
    const overlay = new StateOverlay(base, new Journal());
    overlay.set(1, 0, 'a', 5);
    overlay.set(1, 0, 'b', undefined);
    expect([overlay.get(1, 0, 'a'), overlay.get(1, 0, 'b')]).toEqual([5, undefined]);
    expect([base.get(1, 0, 'a'), base.get(1, 0, 'b')]).toEqual([1, 2]);
    expect([...overlay.changes()]).toEqual([change('a', 5), change('b', undefined)]);
  });

  it('does not commit the deletion of what was never there', () => {
    const overlay = new StateOverlay(new KeyedState([table]), new Journal());
    overlay.set(1, 0, 'a', 5);
    overlay.set(1, 0, 'a', undefined);
    expect([...overlay.changes()]).toEqual([]);
  });
});

describe('KeyedState', () => {
  const takeAll = (state: KeyedState, watermarkMs: number): string[] => {
    const taken: string[] = [];
    for (let timer = state.takeDue(watermarkMs); timer !== undefined; timer = state.takeDue(watermarkMs)) {
      taken.push(`${timer.key}@${timer.timeMs}`);
    }
    return taken;
  };

  it('gives due timers in the order of time, and only those that still hold', () => {
    const state = new KeyedState([table]);
    state.apply([change('a', 30), change('b', 10), change('c', 20), change('d', 99)]);
    state.apply([change('c', undefined), change('b', 25)]);
    expect(takeAll(state, 50)).toEqual(['b@25', 'a@30']);
    expect(takeAll(state, 98)).toEqual([]);
    expect(takeAll(state, 99)).toEqual(['d@99']);
  });

  it('finds a timer again that was moved away and back', () => {
    const state = new KeyedState([table]);
    state.apply([change('a', 10)]);
    state.apply([change('a', 20)]);
    expect(takeAll(state, 15)).toEqual([]);
    state.apply([change('a', 10)]);
    expect(takeAll(state, 15)).toEqual(['a@10']);
  });

  it('takes back timers of a commit that failed', () => {
    const state = new KeyedState([table]);
    state.apply([change('a', 10)]);
    const timer = state.takeDue(10);
    state.giveBack(timer === undefined ? [] : [timer]);
    expect(takeAll(state, 10)).toEqual(['a@10']);
  });

  it('knows which entries changed since the snapshot, deleted ones too', () => {
    const state = new KeyedState([table]);
    state.apply([change('a', 1), change('b', 2)], true);
    expect(state.partition(1).isDirty).toBe(false);
    state.apply([change('a', undefined)]);
    expect([...(state.partition(1).dirty[0] as Set<string>)]).toEqual(['a']);
    state.partition(1).clearDirty();
    expect(state.partition(1).isDirty).toBe(false);
  });
});

describe('TimerHeap', () => {
  it('is empty when all has been taken', () => {
    const heap = new TimerHeap();
    expect(heap.pop()).toBeUndefined();
    heap.push({ timeMs: 1, lp: 0, table: 0, key: 'a' });
    expect(heap.pop()?.key).toBe('a');
    expect([heap.pop(), heap.size]).toEqual([undefined, 0]);
  });
});
